import { ResidentMemory } from './resident.js'
import type {
  Counters,
  Database,
  Operations,
  RecordKey,
  Session,
  Target,
  TransactionBody,
  ValueKind,
  ValueKinds,
} from './target.js'

class MapSession<V> implements Session<V> {
  readonly isSync = true
  readonly #map: Map<RecordKey, V>

  constructor(map: Map<RecordKey, V>) {
    this.#map = map
  }

  readWrite(body: TransactionBody<V>): () => void {
    const operations = operationsOn(this.#map)
    return () => body(operations)
  }

  readOnly(body: TransactionBody<V>): () => void {
    return this.readWrite(body)
  }

  entries(visit: (key: RecordKey, value: V) => void): void {
    for (const [key, value] of this.#map) visit(key, value)
  }

  async close(): Promise<void> {}
}

function operationsOn<V>(map: Map<RecordKey, V>): Operations<V> {
  return {
    get: (key) => map.get(key),
    put: (key, value) => void map.set(key, value),
    insert: (key, value) => void map.set(key, value),
    values() {
      throw new TypeError('a Map has no key order, so workloads with ranges are not for it')
    },
  }
}

class MapDatabase implements Database {
  readonly handle = undefined
  readonly #map = new Map<RecordKey, unknown>()
  readonly #memory = new ResidentMemory()

  session<K extends ValueKind>(): Session<ValueKinds[K]> {
    return new MapSession(this.#map as Map<RecordKey, ValueKinds[K]>)
  }

  counters(): Counters {
    return this.#memory.counters()
  }

  async close(): Promise<void> {
    this.#map.clear()
  }
}

/** The upper bound: what a thread can do that gives nobody else a look. */
export const map: Target = {
  name: 'map',
  traits: {
    description: 'a plain Map of live values: no transactions, no isolation, one thread',
    transactions: 'none',
    durability: 'memory',
    hasRanges: false,
    hasThreads: false,
    inFlight: 1,
  },

  async unavailable() {
    return undefined
  },

  async open() {
    return new MapDatabase()
  },

  async connect() {
    throw new TypeError('a Map cannot be reached from another thread')
  },
}
