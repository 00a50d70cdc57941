export type RecordKey = number | string
export type KeyKind = 'integer' | 'string'

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
  /** The money of an account. */
  readonly balance: number
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

export interface KeyRange {
  readonly from: RecordKey
  readonly limit: number
}

/**
 * What a body is going to touch. Targets that read over a wire or in another thread fetch it first, and those
 * with a shorter way for one operation take it; a body must not `get` or range over anything else. The
 * functions are asked once for each run of a transaction, when its keys have been chosen.
 */
export interface Footprint {
  /** Whether the body is one `get`, one `put` or one `insert` and nothing else. */
  readonly isSingle: boolean
  readonly reads?: () => readonly RecordKey[]
  readonly range?: () => KeyRange
}

/**
 * Nothing when the transaction has committed before the call returns, else a promise of it. Which of the two
 * a session does may differ between calls.
 */
export type Committing = void | Promise<void>

/** One thread's connection. A thread has connections of one target only, so calls are monomorphic. */
export interface Session<V> {
  /** Whether every call commits before it returns: then there is nothing to have in flight. */
  readonly isSync: boolean
  /**
   * Made once, called in the hot loop: each call runs `body` as one transaction, again until it has
   * committed. The returned function is called again only when its last transaction has committed.
   */
  readWrite(body: TransactionBody<V>, footprint: Footprint): () => Committing
  /** The same for a body that only reads, all at one moment. */
  readOnly(body: TransactionBody<V>, footprint: Footprint): () => Committing
  /** All records, while nobody writes. */
  entries(visit: (key: RecordKey, value: V) => void): Committing
  close(): Promise<void>
}

/** Totals over all threads since the database was opened. */
export interface Counters {
  /** What the target says it uses; where it does not say, growth of resident memory since it was opened. */
  readonly memoryBytes: number
  readonly aborts: Readonly<Record<string, number>>
}

/** An open database, as the main thread sees it. */
export interface Database {
  /** Takes a checkpoint, where the target has such a thing. */
  checkpoint?(): Promise<void>
  /** What `connect` needs to reach this database from another thread; structured-cloneable. */
  readonly handle: unknown
  /** The main thread's own connection; it ends with the database. */
  session<K extends ValueKind>(kind: K): Session<ValueKinds[K]> | Promise<Session<ValueKinds[K]>>
  counters(): Counters
  close(): Promise<void>
}

/** When a target takes checkpoints, if it has them: by itself, unless said otherwise here. */
export type CheckpointTimes = 'never' | 'loaded' | 'running'

export interface TargetOptions {
  /** Other than by itself: never, once when all is loaded, or one after the other while a workload runs. */
  readonly checkpoints?: CheckpointTimes
  readonly memoryLimitBytes: number | undefined
  /** How many transactions a thread has under way at once, where that is said. */
  readonly inFlight?: number
  /** How a read-only body runs, where the target has a choice. */
  readonly api: 'transaction' | 'snapshot'
  readonly keys: KeyKind
  /** Where targets keep their files: the target's own folder, empty or what it left there itself. */
  readonly directory: string | undefined
}

export interface Traits {
  /** One line for the report: which mode of which database, used how. */
  readonly description: string
  /**
   * 'serializable': several operations in one isolated transaction. 'none': single operations, or batches
   * that others may come between.
   */
  readonly transactions: 'serializable' | 'none'
  /** What has happened to a commit when it is acknowledged: nothing, handed to the system, or on disk. */
  readonly durability: 'memory' | 'async' | 'sync'
  readonly hasRanges: boolean
  /** Whether several threads of a process can work on one database. */
  readonly hasThreads: boolean
  /** How many transactions in flight on one thread serve it best. */
  readonly inFlight: number
}

/**
 * A database under test. Workloads are written against this, and each database is adapted to it by its own
 * best idiom.
 */
export interface Target {
  readonly name: string
  readonly traits: Traits
  /** Why it cannot be used here, in words for the report; undefined when it can. */
  unavailable(): Promise<string | undefined>
  open(options: TargetOptions): Promise<Database>
  /** Connects a worker thread to a database that the main thread has opened. */
  connect<K extends ValueKind>(
    handle: unknown,
    kind: K,
    options: TargetOptions,
  ): Promise<Session<ValueKinds[K]>>
}
