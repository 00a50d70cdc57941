import { BufferedOperations } from '../targets/buffered.js'
import { connections } from '../targets/connections.js'
import { folderOf } from '../targets/files.js'
import type {
  Committing,
  Footprint,
  Operations,
  RecordKey,
  Session,
  Target,
  TargetOptions,
  Traits,
  TransactionBody,
  ValueKind,
  ValueKinds,
} from '../targets/target.js'
import { peerModule, whyUnavailable } from './peerModule.js'

/** What the adapter uses of lmdb 3. */
interface Lmdb {
  open<V>(options: Readonly<Record<string, unknown>>): LmdbStore<V>
}

interface LmdbStore<V> {
  readonly flushed: Promise<boolean>
  get(key: RecordKey): V | undefined
  put(key: RecordKey, value: V): Promise<boolean>
  putSync(key: RecordKey, value: V): boolean
  childTransaction(body: () => void): Promise<void>
  transactionSync(body: () => void): void
  resetReadTxn(): void
  getRange(range: { start?: RecordKey; limit?: number }): Iterable<{ key: RecordKey; value: V }>
  close(): Promise<void>
}

/** Room for any benchmark; the file takes what is written. */
const mapBytes = 16 * 1024 ** 3

function openStore<K extends ValueKind>(
  kind: K,
  options: TargetOptions,
  isDurable: boolean,
): LmdbStore<ValueKinds[K]> {
  return peerModule<Lmdb>('lmdb').open<ValueKinds[K]>({
    path: folderOf(options),
    mapSize: mapBytes,
    noSync: !isDurable,
    encoding: kind === 'string' ? 'string' : 'msgpack',
    // Its documented way to store objects of one shape without their keys.
    ...(kind === 'fields' && { sharedStructuresKey: Symbol.for('structures') }),
  })
}

/** Reads are synchronous in either mode, on a snapshot taken anew for each transaction. */
class LmdbReads<V> {
  protected readonly store: LmdbStore<V>
  protected readonly operations: Operations<V>

  constructor(store: LmdbStore<V>) {
    this.store = store
    this.operations = {
      get: (key) => store.get(key),
      put: (key, value) => void store.put(key, value),
      insert: (key, value) => void store.put(key, value),
      values: (from, limit) => valuesOf(store.getRange({ start: from, limit })),
    }
  }

  readOnly(body: TransactionBody<V>): () => void {
    const { store, operations } = this
    return () => {
      // Else it keeps its snapshot until the next turn of the event loop, blind to what others commit.
      store.resetReadTxn()
      body(operations)
    }
  }

  entries(visit: (key: RecordKey, value: V) => void): void {
    this.store.resetReadTxn()
    for (const { key, value } of this.store.getRange({})) visit(key, value)
  }

  async close(): Promise<void> {
    // Without this, closing never ends in the mode without syncs.
    await this.store.flushed
    await this.store.close()
  }
}

class LmdbSession<V> extends LmdbReads<V> implements Session<V> {
  readonly isSync = true

  readWrite(body: TransactionBody<V>, { isSingle }: Footprint): () => void {
    const { store, operations } = this
    if (isSingle) {
      const put = (key: RecordKey, value: V): void => void store.putSync(key, value)
      const single: Operations<V> = { ...operations, put, insert: put }
      return () => body(single)
    }
    const run = (): void => body(operations)
    return () => store.transactionSync(run)
  }
}

/** Commits in batches that its own thread writes; `flushed` resolves when they are on disk. */
class DurableLmdbSession<V> extends LmdbReads<V> implements Session<V> {
  readonly isSync = false

  readWrite(body: TransactionBody<V>, { isSingle }: Footprint): () => Committing {
    const { store, operations } = this
    const flushed = (): Promise<void> => store.flushed.then(() => undefined)
    if (isSingle) {
      const single = new BufferedOperations<V>()
      return () => {
        single.reset()
        body(single)
        return store.put(single.writes[0]!.key, single.writes[0]!.value).then(flushed)
      }
    }
    // `transaction` keeps what a body has written before it threw; a child of it does not.
    return () => store.childTransaction(() => body(operations)).then(flushed)
  }
}

function* valuesOf<V>(entries: Iterable<{ readonly value: V }>): Iterable<V> {
  for (const { value } of entries) yield value
}

function lmdbTarget(
  name: string,
  durability: 'memory' | 'sync',
  traits: Pick<Traits, 'description'>,
): Target {
  const isDurable = durability === 'sync'
  const sessionOf = <K extends ValueKind>(kind: K, options: TargetOptions): Session<ValueKinds[K]> => {
    const store = openStore(kind, options, isDurable)
    return isDurable ? new DurableLmdbSession(store) : new LmdbSession(store)
  }
  return {
    name,
    traits: {
      ...traits,
      transactions: 'serializable',
      durability,
      hasRanges: true,
      hasThreads: true,
      inFlight: 1,
    },
    async unavailable() {
      return whyUnavailable('lmdb')
    },
    async open(options) {
      return connections((kind) => sessionOf(kind, options))
    },
    async connect(_handle, kind, options) {
      return sessionOf(kind, options)
    },
  }
}

export const lmdbTargets: readonly Target[] = [
  lmdbTarget('lmdb', 'memory', {
    description: 'lmdb with noSync, files in memory where possible; transactionSync and putSync',
  }),
  lmdbTarget('lmdb-sync', 'sync', {
    description: 'lmdb as it comes; put or childTransaction, acknowledged when flushed',
  }),
]
