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
  Counters,
  Database,
  Operations,
  RecordKey,
  Session,
  Target,
  TargetOptions,
  TransactionBody,
  ValueKind,
  ValueKinds,
} from './target.js'

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

class TidemarkSession<V> implements Session<V> {
  readonly isSync = true
  readonly #store: Store
  readonly #table: Table<RecordKey, V>
  readonly #readsInSnapshots: boolean

  constructor(store: Store, codec: ValueCodec<V>, options: TargetOptions) {
    this.#store = store
    this.#table = store.table<RecordKey, V>('usertable', { codec })
    this.#readsInSnapshots = options.api === 'snapshot'
  }

  readWrite(body: TransactionBody<V>): () => void {
    const store = this.#store
    const operations = new TidemarkOperations<V>(this.#table)
    const run = (transaction: Transaction): void => {
      operations.useTransaction(transaction)
      body(operations)
    }
    return () => store.transactionSync(run)
  }

  readOnly(body: TransactionBody<V>): () => void {
    if (!this.#readsInSnapshots) return this.readWrite(body)
    const store = this.#store
    const operations = new TidemarkOperations<V>(this.#table)
    const run = (snapshot: Snapshot): void => {
      operations.useSnapshot(snapshot)
      body(operations)
    }
    return () => store.snapshot(run)
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

class TidemarkDatabase implements Database {
  readonly #store: Store
  readonly #options: TargetOptions

  constructor(store: Store, options: TargetOptions) {
    this.#store = store
    this.#options = options
  }

  get handle(): StoreHandle {
    return this.#store.handle
  }

  session<K extends ValueKind>(kind: K): Session<ValueKinds[K]> {
    return new TidemarkSession(this.#store, codecs[kind], this.#options)
  }

  counters(): Counters {
    const { memoryBytes, transactions } = this.#store.stats()
    return { memoryBytes, aborts: { ...transactions.aborted } }
  }

  async close(): Promise<void> {
    await this.#store.close()
  }
}

export const tidemark: Target = {
  name: 'tidemark',
  traits: {
    description: 'Tidemark in memory, transactionSync in worker threads',
    transactions: 'serializable',
    durability: 'memory',
    hasRanges: true,
    hasThreads: true,
    inFlight: 1,
  },

  async unavailable() {
    return undefined
  },

  async open(options) {
    const { memoryLimitBytes } = options
    return new TidemarkDatabase(
      await open(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
      options,
    )
  },

  async connect(handle, kind, options) {
    return new TidemarkSession(await attach(handle as StoreHandle), codecs[kind], options)
  },
}
