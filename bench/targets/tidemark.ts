import {
  attach,
  msgpack,
  open,
  record,
  type Snapshot,
  type Store,
  type StoreHandle,
  string,
  type Table,
  type Transaction,
  type ValueCodec,
} from 'tidemark'
import type {
  Committing,
  Counters,
  Database,
  Operations,
  RecordKey,
  Session,
  Target,
  TargetOptions,
  Traits,
  TransactionBody,
  ValueKind,
  ValueKinds,
} from './target.js'
import { folderOf } from './files.js'

const fields = record({
  field0: 'string',
  field1: 'string',
  field2: 'string',
  field3: 'string',
  field4: 'string',
  field5: 'string',
  field6: 'string',
  field7: 'string',
  field8: 'string',
  field9: 'string',
})

const codecs: { readonly [K in ValueKind]: ValueCodec<ValueKinds[K]> } = {
  string,
  fields,
  balance: msgpack,
}

class TidemarkOperations<V> implements Operations<V> {
  readonly #table: Table<RecordKey, V>
  #reader: Snapshot | Transaction | undefined
  #writer: Transaction | undefined

  constructor(table: Table<RecordKey, V>) {
    this.#table = table
  }

  useTransaction(transaction: Transaction): void {
    this.#reader = transaction
    this.#writer = transaction
  }

  useSnapshot(snapshot: Snapshot): void {
    this.#reader = snapshot
    this.#writer = undefined
  }

  get(key: RecordKey): V | undefined {
    return this.#reader!.get(this.#table, key)
  }

  put(key: RecordKey, value: V): void {
    this.#writer!.put(this.#table, key, value)
  }

  insert(key: RecordKey, value: V): void {
    this.#writer!.insert(this.#table, key, value)
  }

  values(from: RecordKey, limit: number): Iterable<V> {
    return this.#reader!.getValues(this.#table, { gte: from, limit })
  }
}

/** Commits before its calls return. */
class TidemarkSession<V> implements Session<V> {
  readonly isSync: boolean = true
  readonly #store: Store
  readonly #table: Table<RecordKey, V>
  readonly #readsInSnapshots: boolean

  constructor(store: Store, codec: ValueCodec<V>, options: TargetOptions) {
    this.#store = store
    this.#table = store.table<RecordKey, V>('usertable', { codec })
    this.#readsInSnapshots = options.api === 'snapshot'
  }

  readWrite(body: TransactionBody<V>): () => Committing {
    const operations = new TidemarkOperations<V>(this.#table)
    return this.runner((transaction) => {
      operations.useTransaction(transaction)
      body(operations)
    })
  }

  readOnly(body: TransactionBody<V>): () => Committing {
    if (!this.#readsInSnapshots) return this.readWrite(body)
    const store = this.#store
    const operations = new TidemarkOperations<V>(this.#table)
    const run = (snapshot: Snapshot): void => {
      operations.useSnapshot(snapshot)
      body(operations)
    }
    return () => store.snapshot(run)
  }

  protected runner(run: (transaction: Transaction) => void): () => Committing {
    const store = this.#store
    return () => store.transactionSync(run)
  }

  entries(visit: (key: RecordKey, value: V) => void): void {
    this.#store.snapshot((snapshot) => {
      for (const [key, value] of snapshot.getRange(this.#table)) visit(key, value)
    })
  }

  async close(): Promise<void> {
    await this.#store.close()
  }
}

/** Has many commits on their way to the disk at once, so that they share a sync. */
class DurableTidemarkSession<V> extends TidemarkSession<V> {
  override readonly isSync = false
  readonly #store: Store

  constructor(store: Store, codec: ValueCodec<V>, options: TargetOptions) {
    super(store, codec, options)
    this.#store = store
  }

  protected override runner(run: (transaction: Transaction) => void): () => Promise<void> {
    const store = this.#store
    return () => store.transaction(run)
  }
}

type Durability = Traits['durability']

/** So much journal is never written: no checkpoint is taken that was not asked for. */
const checkpointsOff = 2 ** 50

function sessionOf<K extends ValueKind>(
  store: Store,
  kind: K,
  options: TargetOptions & { readonly durability: Durability },
): Session<ValueKinds[K]> {
  return options.durability === 'sync' && options.inFlight !== 1
    ? new DurableTidemarkSession(store, codecs[kind], options)
    : new TidemarkSession(store, codecs[kind], options)
}

async function openStore(durability: Durability, options: TargetOptions): Promise<Database> {
  const { memoryLimitBytes, checkpoints } = options
  const store = await open({
    ...(memoryLimitBytes !== undefined && { memoryLimitBytes }),
    ...(durability !== 'memory' && { path: folderOf(options), durability }),
    ...(checkpoints !== undefined && { checkpointBytes: checkpointsOff }),
  })
  return {
    handle: store.handle,
    session: (kind) => sessionOf(store, kind, { ...options, durability }),
    counters(): Counters {
      const { memoryBytes, transactions } = store.stats()
      return { memoryBytes, aborts: { ...transactions.aborted } }
    },
    ...(durability !== 'memory' && { checkpoint: () => store.checkpoint() }),
    close: () => store.close(),
  }
}

function tidemarkTarget(name: string, durability: Durability, description: string): Target {
  return {
    name,
    traits: {
      description,
      transactions: 'serializable',
      durability,
      hasRanges: true,
      hasThreads: true,
      inFlight: durability === 'sync' ? 64 : 1,
    },
    async unavailable() {
      return undefined
    },
    open: (options) => openStore(durability, options),
    async connect(handle, kind, options) {
      return sessionOf(await attach(handle as StoreHandle), kind, { ...options, durability })
    },
  }
}

export const tidemark: Target = tidemarkTarget(
  'tidemark',
  'memory',
  'Tidemark in memory, transactionSync in worker threads',
)

/** The same with a journal on disk. */
export const durableTidemark: readonly Target[] = [
  tidemarkTarget('tidemark-async', 'async', "Tidemark with a journal, durability 'async', transactionSync"),
  tidemarkTarget(
    'tidemark-sync',
    'sync',
    'Tidemark with a journal as it comes, on disk when done; transaction, or transactionSync of a lone writer',
  ),
]
