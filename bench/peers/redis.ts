import { BufferedOperations } from '../targets/buffered.js'
import { folderOf } from '../targets/files.js'
import { type KeyText, keyTexts } from '../targets/keyText.js'
import type {
  Database,
  Footprint,
  KeyRange,
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
import { RedisServer, whyNoRedisServer } from './redisServer.js'
import { type RedisCommands, type RedisValue, redisValues } from './redisValues.js'

/** What the adapter uses of the client, redis 6. */
interface RedisModule {
  createClient(options: { socket: { host: string; port: number } }): RedisClient
}

interface RedisMulti extends RedisCommands {
  exec(): Promise<unknown[]>
}

interface RedisClient extends RedisCommands {
  on(event: 'error', listener: (error: unknown) => void): void
  connect(): Promise<unknown>
  close(): Promise<unknown>
  mGet(keys: readonly string[]): Promise<unknown[]>
  watch(keys: readonly string[]): Promise<unknown>
  unwatch(): Promise<unknown>
  multi(): RedisMulti
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

interface RedisHandle {
  readonly port: number
  readonly aborts: SharedArrayBuffer
}

/** The set of all keys, in order, which ranges need; its name comes after any record's key. */
const indexKey = 'zindex'

async function connectClient(port: number): Promise<RedisClient> {
  const client = peerModule<RedisModule>('redis').createClient({ socket: { host: '127.0.0.1', port } })
  // Without a listener the client throws; what fails rejects its command as well, and that ends the run.
  client.on('error', () => {})
  await client.connect()
  return client
}

class RedisSession<V> implements Session<V> {
  readonly isSync = false
  readonly #client: RedisClient
  readonly #handle: RedisHandle
  readonly #keys: KeyText
  readonly #value: RedisValue<V>
  readonly #watchers: RedisClient[] = []

  constructor(client: RedisClient, handle: RedisHandle, keys: KeyText, value: RedisValue<V>) {
    this.#client = client
    this.#handle = handle
    this.#keys = keys
    this.#value = value
  }

  readWrite(body: TransactionBody<V>, footprint: Footprint): () => Promise<void> {
    const operations = new BufferedOperations<V>()
    const { reads } = footprint
    if (reads === undefined) {
      return async () => {
        operations.reset()
        body(operations)
        await this.#send(this.#client, operations, footprint.isSingle)
      }
    }
    return this.#watching(body, operations, reads)
  }

  readOnly(body: TransactionBody<V>, { reads, range }: Footprint): () => Promise<void> {
    const operations = new BufferedOperations<V>()
    return async () => {
      operations.reset()
      if (range === undefined) await this.#fetch(this.#client, operations, reads?.() ?? [])
      else operations.ranged((await this.#range(range())).map(([, value]) => value))
      body(operations)
    }
  }

  async entries(visit: (key: RecordKey, value: V) => void): Promise<void> {
    const page = 1000
    let from = ''
    for (;;) {
      const entries = await this.#rangeFrom(from, page)
      for (const [key, value] of entries) visit(this.#keys.keyOf(key), value)
      if (entries.length < page) return
      from = `${entries.at(-1)![0]}\0`
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#client, ...this.#watchers].map((client) => client.close()))
  }

  /** Optimistic: what is watched belongs to a connection, so each transaction in flight has its own. */
  #watching(
    body: TransactionBody<V>,
    operations: BufferedOperations<V>,
    reads: () => readonly RecordKey[],
  ): () => Promise<void> {
    const aborts = new Int32Array(this.#handle.aborts)
    let own: RedisClient | undefined
    return async () => {
      own ??= await this.#watcher()
      const keys = reads()
      for (;;) {
        operations.reset()
        if (keys.length === 0) {
          body(operations)
          await this.#send(own, operations, false)
          break
        }
        // Sent together: the reply to the reads comes after that to the watch.
        const watched = own.watch(keys.map((key) => this.#keys.textOf(key)))
        await Promise.all([watched, this.#fetch(own, operations, keys)])
        body(operations)
        if (operations.writes.length === 0) await own.unwatch()
        else if (!(await this.#committed(own, operations))) {
          Atomics.add(aborts, 0, 1)
          continue
        }
        break
      }
    }
  }

  async #watcher(): Promise<RedisClient> {
    const client = await connectClient(this.#handle.port)
    this.#watchers.push(client)
    return client
  }

  async #committed(client: RedisClient, operations: BufferedOperations<V>): Promise<boolean> {
    try {
      await this.#send(client, operations, false)
      return true
    } catch (error) {
      if (error instanceof Error && error.constructor.name === 'WatchError') return false
      throw error
    }
  }

  async #send(client: RedisClient, { writes }: BufferedOperations<V>, isSingle: boolean): Promise<void> {
    if (isSingle && writes.length === 1 && !writes[0]!.isNew) {
      await this.#value.write(client, this.#keys.textOf(writes[0]!.key), writes[0]!.value)
      return
    }
    const multi = client.multi()
    for (const { key, value, isNew } of writes) {
      const text = this.#keys.textOf(key)
      this.#value.write(multi, text, value)
      if (isNew) multi.zAdd(indexKey, { score: 0, value: text })
    }
    await multi.exec()
  }

  async #fetch(
    client: RedisClient,
    operations: BufferedOperations<V>,
    keys: readonly RecordKey[],
  ): Promise<void> {
    const texts = keys.map((key) => this.#keys.textOf(key))
    const replies = await this.#replies(client, texts)
    keys.forEach((key, index) => operations.fetched(key, this.#value.decode(replies[index])))
  }

  /** All of one moment: one command, or several in one transaction. */
  async #replies(client: RedisClient, texts: readonly string[]): Promise<unknown[]> {
    if (texts.length === 1) return [await this.#value.read(client, texts[0]!)]
    if (this.#value.isText) return await client.mGet(texts)
    if (texts.length === 0) return []
    const multi = client.multi()
    for (const text of texts) this.#value.read(multi, text)
    return await multi.exec()
  }

  #range({ from, limit }: KeyRange): Promise<[string, V][]> {
    return this.#rangeFrom(this.#keys.textOf(from), limit)
  }

  /** A script, so that the index and the records are of one moment. */
  async #rangeFrom(from: string, limit: number): Promise<[string, V][]> {
    const script = `local found = {}
      for _, key in ipairs(redis.call('ZRANGE', KEYS[1], ARGV[1], '+', 'BYLEX', 'LIMIT', 0, ARGV[2])) do
        found[#found + 1] = key
        found[#found + 1] = ${this.#value.script}
      end
      return found`
    const reply = await this.#client.eval(script, {
      keys: [indexKey],
      arguments: [`[${from}`, String(limit)],
    })
    const flat = reply as unknown[]
    return Array.from({ length: flat.length / 2 }, (_, index) => [
      String(flat[2 * index]),
      this.#value.decode(flat[2 * index + 1])!,
    ])
  }
}

async function sessionOf<K extends ValueKind>(
  handle: RedisHandle,
  kind: K,
  { keys }: TargetOptions,
): Promise<Session<ValueKinds[K]>> {
  const client = await connectClient(handle.port)
  return new RedisSession(client, handle, keyTexts[keys], redisValues[kind])
}

async function openServer(options: TargetOptions, isDurable: boolean): Promise<Database> {
  const server = await RedisServer.start(folderOf(options), isDurable)
  const handle: RedisHandle = { port: server.port, aborts: new SharedArrayBuffer(4) }
  const closers: (() => Promise<void>)[] = []
  return {
    handle,
    async session(kind) {
      const session = await sessionOf(handle, kind, options)
      closers.push(() => session.close())
      return session
    },
    counters: () => ({
      memoryBytes: server.residentBytes(),
      aborts: { watch: Atomics.load(new Int32Array(handle.aborts), 0) },
    }),
    close: async () => {
      try {
        for (const close of closers) await close()
      } finally {
        await server.stop()
      }
    },
  }
}

function redisTarget(name: string, traits: Pick<Traits, 'description' | 'durability' | 'inFlight'>): Target {
  return {
    name,
    traits: { ...traits, transactions: 'serializable', hasRanges: true, hasThreads: true },
    async unavailable() {
      return whyUnavailable('redis') ?? whyNoRedisServer()
    },
    open: (options) => openServer(options, traits.durability === 'sync'),
    connect: (handle, kind, options) => sessionOf(handle as RedisHandle, kind, options),
  }
}

export const redisTargets: readonly Target[] = [
  redisTarget('redis', {
    description: 'Redis on loopback without persistence, pipelined; WATCH and MULTI, scripts for ranges',
    durability: 'memory',
    inFlight: 32,
  }),
  redisTarget('redis-aof', {
    description: 'Redis on loopback, append-only file with appendfsync always',
    durability: 'sync',
    inFlight: 32,
  }),
]
