export type RecordKey = number | string

/** YCSB's record: ten fields of ten bytes. */
export interface FieldsRecord {
  field0: string
  field1: string
  field2: string
  field3: string
  field4: string
  field5: string
  field6: string
  field7: string
  field8: string
  field9: string
}

/** The kinds of value that a workload may store, and their types. */
export interface ValueKinds {
  readonly string: string
  readonly fields: FieldsRecord
}
export type ValueKind = keyof ValueKinds

/**
 * What a transaction's body may do. `values` are those of up to `limit` records from key `from` on, in key
 * order.
 */
export interface Operations<V> {
  get(key: RecordKey): V | undefined
  put(key: RecordKey, value: V): void
  insert(key: RecordKey, value: V): void
  values(from: RecordKey, limit: number): Iterable<V>
}

export type TransactionBody<V> = (operations: Operations<V>) => void

/**
 * One thread's connection. A thread has connections of one target only, so calls through this are
 * monomorphic.
 */
export interface Session<V> {
  /**
   * Made once, called in the hot loop: each call runs `body` as one transaction, again until it has
   * committed.
   */
  readWrite(body: TransactionBody<V>): () => void
  /** The same for a body that only reads. */
  readOnly(body: TransactionBody<V>): () => void
  /** All records in key order, as of one moment. */
  entries(visit: (key: RecordKey, value: V) => void): void
  close(): Promise<void>
}

/** Totals over all threads since the database was opened. */
export interface Counters {
  readonly memoryBytes: number
  readonly aborts: Readonly<Record<string, number>>
}

/** An open database, as the main thread sees it. */
export interface Database {
  /** What `connect` needs to reach this database from another thread; structured-cloneable. */
  readonly handle: unknown
  /** The main thread's own connection; it ends with the database. */
  session<K extends ValueKind>(kind: K): Session<ValueKinds[K]>
  counters(): Counters
  close(): Promise<void>
}

export interface TargetOptions {
  readonly memoryLimitBytes: number | undefined
  /** How a read-only body runs, where the target has a choice. */
  readonly api: 'transaction' | 'snapshot'
}

/**
 * A database under test. Workloads are written against this, and each database is adapted to it by its own
 * best idiom.
 */
export interface Target {
  readonly name: string
  open(options: TargetOptions): Promise<Database>
  /** Connects a worker thread to a database that the main thread has opened. */
  connect<K extends ValueKind>(
    handle: unknown,
    kind: K,
    options: TargetOptions,
  ): Promise<Session<ValueKinds[K]>>
}
