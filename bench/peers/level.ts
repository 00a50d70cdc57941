import { BufferedOperations } from '../targets/buffered.js'
import { connections } from '../targets/connections.js'
import { folderOf } from '../targets/files.js'
import { type KeyText, keyTexts } from '../targets/keyText.js'
import type {
  Committing,
  Footprint,
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

/** What the adapter uses of an abstract-level database. */
interface Level<V> {
  open(): Promise<void>
  close(): Promise<void>
  /** Of classic-level only. */
  getSync?(key: string): V | undefined
  getMany(keys: readonly string[]): Promise<(V | undefined)[]>
  batch(
    operations: readonly { type: 'put'; key: string; value: V }[],
    options: { sync: boolean },
  ): Promise<void>
  values(range: { gte: string; limit: number }): { all(): Promise<V[]> }
  iterator(): AsyncIterable<[string, V]>
}

interface LevelKind {
  readonly packageName: string
  readonly className: string
  readonly options: Readonly<Record<string, unknown>>
}

type LevelClass = new <V>(location: string, options: Readonly<Record<string, unknown>>) => Level<V>

class LevelSession<V> implements Session<V> {
  readonly isSync = false
  readonly #level: Level<V>
  readonly #keys: KeyText
  readonly #sync: boolean

  constructor(level: Level<V>, keys: KeyText, sync: boolean) {
    this.#level = level
    this.#keys = keys
    this.#sync = sync
  }

  /** Reads, then one batch: the batch is atomic, but others may write between the two. */
  readWrite(body: TransactionBody<V>, { reads }: Footprint): () => Committing {
    const operations = new BufferedOperations<V>()
    const write = (): Promise<void> => {
      body(operations)
      const batch = operations.writes.map(({ key, value }) => {
        return { type: 'put' as const, key: this.#keys.textOf(key), value }
      })
      return batch.length === 0 ? Promise.resolve() : this.#level.batch(batch, { sync: this.#sync })
    }
    return () => {
      operations.reset()
      if (reads === undefined) return write()
      const pending = this.#fetch(operations, reads())
      return typeof pending === 'object' ? pending.then(write) : write()
    }
  }

  readOnly(body: TransactionBody<V>, { reads, range }: Footprint): () => Committing {
    const operations = new BufferedOperations<V>()
    const run = (): void => body(operations)
    return () => {
      operations.reset()
      if (range !== undefined) {
        const { from, limit } = range()
        const values = this.#level.values({ gte: this.#keys.textOf(from), limit }).all()
        return values.then((found) => operations.ranged(found)).then(run)
      }
      const pending = this.#fetch(operations, reads?.() ?? [])
      return typeof pending === 'object' ? pending.then(run) : run()
    }
  }

  #fetch(operations: BufferedOperations<V>, keys: readonly RecordKey[]): Committing {
    if (keys.length === 1 && this.#level.getSync !== undefined) {
      return operations.fetched(keys[0]!, this.#level.getSync(this.#keys.textOf(keys[0]!)))
    }
    if (keys.length === 0) return undefined
    return this.#level
      .getMany(keys.map((key) => this.#keys.textOf(key)))
      .then((values) => keys.forEach((key, index) => operations.fetched(key, values[index])))
  }

  async entries(visit: (key: RecordKey, value: V) => void): Promise<void> {
    for await (const [key, value] of this.#level.iterator()) visit(this.#keys.keyOf(key), value)
  }

  async close(): Promise<void> {
    await this.#level.close()
  }
}

async function openSession<K extends ValueKind>(
  { packageName, className, options }: LevelKind,
  kind: K,
  target: TargetOptions & { readonly sync: boolean },
): Promise<Session<ValueKinds[K]>> {
  const Class = peerModule<Record<string, LevelClass>>(packageName)[className]
  if (Class === undefined) throw new TypeError(`${packageName} has no ${className}`)
  const level = new Class<ValueKinds[K]>(folderOf(target), {
    ...options,
    keyEncoding: 'utf8',
    valueEncoding: kind === 'string' ? 'utf8' : 'json',
  })
  await level.open()
  return new LevelSession(level, keyTexts[target.keys], target.sync)
}

function levelTarget(
  name: string,
  kind: LevelKind,
  traits: Pick<Traits, 'description' | 'durability' | 'hasThreads' | 'inFlight'>,
): Target {
  const sync = traits.durability === 'sync'
  return {
    name,
    traits: { ...traits, transactions: 'none', hasRanges: true },
    async unavailable() {
      return whyUnavailable(kind.packageName)
    },
    async open(options) {
      return connections((value) => openSession(kind, value, { ...options, sync }))
    },
    async connect(_handle, value, options) {
      return await openSession(kind, value, { ...options, sync })
    },
  }
}

const classic: LevelKind = {
  packageName: 'classic-level',
  className: 'ClassicLevel',
  options: { multithreading: true, cacheSize: 256 * 1024 ** 2, writeBufferSize: 64 * 1024 ** 2 },
}

const rocks: LevelKind = {
  packageName: '@nxtedition/rocksdb',
  className: 'RocksLevel',
  options: {},
}

export const levelTargets: readonly Target[] = [
  levelTarget('classic-level', classic, {
    description: 'classic-level (LevelDB), getSync, getMany and batch; no isolation across a batch',
    durability: 'async',
    hasThreads: true,
    inFlight: 4,
  }),
  levelTarget('classic-level-sync', classic, {
    description: 'classic-level (LevelDB), batches with sync: true',
    durability: 'sync',
    hasThreads: true,
    inFlight: 4,
  }),
  levelTarget('rocksdb', rocks, {
    description: 'RocksDB by @nxtedition/rocksdb, getMany and batch; no isolation across a batch',
    durability: 'async',
    hasThreads: false,
    inFlight: 4,
  }),
  levelTarget('rocksdb-sync', rocks, {
    description: 'RocksDB by @nxtedition/rocksdb, batches with sync: true',
    durability: 'sync',
    hasThreads: false,
    inFlight: 4,
  }),
]
