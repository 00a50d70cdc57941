import { setTimeout as delay } from 'node:timers/promises'
import type { Engine } from '../mvcc/engine.js'
import type { MvccTransaction } from '../mvcc/transaction.js'
import { type Acknowledger, modeOf } from './acknowledger.js'
import type { ValueCodec } from './codec.js'
import { msgpack } from './codecs/msgpack.js'
import {
  AsyncBodyError,
  CancelledError,
  NestedTransactionError,
  OptionError,
  StoreClosedError,
  TableError,
} from './errors.js'
import type { BackupOptions } from './checkpoints.js'
import type { StoreFolder } from './folder.js'
import type { StoreHandle } from './handle.js'
import { HeldSnapshot } from './heldSnapshot.js'
import type { Key } from './keys.js'
import {
  checkSnapshotOptions,
  checkTableOptions,
  checkTransactionOptions,
  type SnapshotOptions,
  type TableOptions,
  timeoutMsDefault,
  type TransactionOptions,
} from './options.js'
import type { RecoverySummary } from './recovery.js'
import { Attempts, noOptions, pause } from './runner.js'
import { type StoreStats, statsOf } from './stats.js'
import { Table } from './table.js'
import { Snapshot, type Transaction } from './view.js'

const tableNameLimit = 255

/** What a store has beside the engine. */
export interface StoreHooks {
  /** In a store with a path. */
  readonly acknowledger?: Acknowledger
  /** In the thread that opened a store with a path. */
  readonly folder?: StoreFolder
  readonly detach: () => void | Promise<void>
}

/** A store, as one thread uses it. Made by `open` and `attach`. */
export class Store implements AsyncDisposable {
  readonly name: string
  /** Give this to `attach` in a thread that was started before the store was opened. */
  readonly handle: StoreHandle
  readonly #engine: Engine
  readonly #hooks: StoreHooks
  readonly #tables = new Map<string, Table<Key, unknown>>()
  readonly #open = new Set<() => void>()
  /** Attempts that are over, for the next transaction to have. */
  #spare: Attempts | undefined
  #isRunning = false
  #isClosed = false

  /** @internal */
  constructor(engine: Engine, handle: StoreHandle, hooks: StoreHooks) {
    this.#engine = engine
    this.handle = handle
    this.name = handle.name
    this.#hooks = hooks
  }

  /**
   * `failed`: the journal met an error of the disk, the `failure`. What is in memory can be read; nothing
   * that
   * is written is acknowledged any more.
   */
  get status(): 'open' | 'failed' | 'closed' {
    if (this.#isClosed || this.#engine.isClosed) return 'closed'
    return this.#hooks.acknowledger?.hasFailed === true ? 'failed' : 'open'
  }

  /** What was found in the folder; in the thread that opened a store with a path. */
  get recovery(): RecoverySummary | undefined {
    return this.#hooks.folder?.recovery
  }

  /** What has made the journal fail. */
  get failure(): Error | undefined {
    return this.#hooks.acknowledger?.failure
  }

  /**
   * The table of the name, created when first asked for. A table belongs to all threads; each says the types
   * and the codec for itself, and the codec must be the same everywhere.
   */
  table<K extends Key = Key, V = unknown>(name: string, options: TableOptions<V> = {}): Table<K, V> {
    this.#requireOpen()
    checkTableOptions(options)
    const nameBytes = typeof name === 'string' ? Buffer.byteLength(name) : 0
    if (nameBytes === 0 || nameBytes > tableNameLimit) {
      throw new TableError(
        String(name),
        `a table's name must be a string of 1 to ${tableNameLimit} bytes, and ${String(name)} has ${nameBytes}`,
      )
    }
    if (!(name as string & { isWellFormed(): boolean }).isWellFormed()) {
      throw new TableError(
        name,
        `a table's name must be well-formed text, and ${JSON.stringify(name)} has half of a surrogate pair`,
      )
    }
    const known = this.#tables.get(name)
    const codec = options.codec ?? (known?.codec as ValueCodec<V> | undefined) ?? msgpack
    if (known !== undefined && known.codec.name === codec.name) return known as unknown as Table<K, V>
    const entry = this.#engine.catalog.open(name, codec.name)
    if (entry.format !== codec.name) {
      throw new TableError(
        name,
        `table '${name}' was made with the codec ${entry.format}, and is now asked for with ${codec.name}: name the same codec`,
      )
    }
    const table = new Table<K, V>(this, entry, this.#engine.treeOf(entry.id), codec)
    this.#tables.set(name, table)
    return table
  }

  /**
   * Runs the body as one strictly serializable transaction, and resolves with what it returns when it has
   * committed. The body may be async. It is run again after a conflict, so its only effects should be those
   * on `tx`.
   */
  transaction<T>(
    body: (tx: Transaction) => T | PromiseLike<T>,
    options: TransactionOptions = noOptions,
  ): Promise<T> {
    // The usual transaction, whose body is sync and meets nobody, takes no turn of an async function.
    let attempts: Attempts | undefined
    let begun: PromiseLike<T> | undefined
    try {
      attempts = this.#attempts('transaction', options)
      const result = this.#run(attempts.begin(), body)
      if (isThenable(result)) begun = result
      else if (attempts.commit()) return this.#acknowledge(attempts, result)
    } catch (error) {
      try {
        failOrThrow(attempts, error)
      } catch (final) {
        return Promise.reject(final)
      }
    }
    return this.#goOn(attempts!, body, options, begun)
  }

  /**
   * As `transaction`, on the spot: the body must not return a promise. Waiting for other threads blocks this
   * one.
   */
  transactionSync<T>(body: (tx: Transaction) => T, options: TransactionOptions = noOptions): T {
    const attempts = this.#attempts('transactionSync', options)
    for (;;) {
      const tx = attempts.begin()
      let value: T
      this.#isRunning = true
      try {
        value = body(tx)
        if (isThenable(value)) throw refuse(value, 'transactionSync')
      } catch (error) {
        this.#isRunning = false
        attempts.fail(error)
        pause(this.#engine, attempts.pauseUs)
        continue
      }
      this.#isRunning = false
      if (attempts.commit()) {
        const { position, durability, timeoutMs } = attempts
        this.#spare = attempts.retire()
        this.#hooks.acknowledger?.acknowledgeSync(position, durability, timeoutMs)
        return value
      }
      pause(this.#engine, attempts.pauseUs)
    }
  }

  /** Runs the body, which must not return a promise, on one state of the store. */
  snapshot<T>(body: (tx: Snapshot) => T, options?: SnapshotOptions): T
  /** Opens a snapshot that stays until it is closed or disposed of. */
  snapshot(): HeldSnapshot
  snapshot<T>(body?: (tx: Snapshot) => T, options: SnapshotOptions = noOptions): T | HeldSnapshot {
    this.#requireIdle('snapshot')
    if (options !== noOptions) checkSnapshotOptions(options)
    const { acknowledger } = this.#hooks
    const mode = modeOf(acknowledger, options.durability)
    const tx = this.#engine.begin('optimistic')
    tx.mayHold = true
    if (body === undefined) return this.#hold(tx)
    const snapshot = new Snapshot(this.#engine, this, tx)
    let value: T
    this.#isRunning = true
    try {
      value = body(snapshot)
      if (isThenable(value)) throw refuse(value, 'snapshot')
    } finally {
      this.#isRunning = false
      snapshot.end()
      this.#engine.commit(tx)
    }
    acknowledger?.acknowledgeSync(tx.position, mode, timeoutMsDefault)
    return value
  }

  /**
   * Resolves when everything that has committed is on disk. In a store without a path there is nothing to
   * wait for.
   */
  async flush(): Promise<void> {
    this.#requireOpen()
    await this.#hooks.acknowledger?.flush(Number.POSITIVE_INFINITY)
  }

  /**
   * Writes all data to a new checkpoint while transactions go on, and removes what it makes needless of the
   * journal. Only in the thread that opened the store.
   */
  async checkpoint(): Promise<void> {
    this.#requireOpen()
    await this.#folder('checkpoint').checkpoints.take()
  }

  /**
   * Writes all data, as it is at one moment, to a new folder that can be opened as a store, while
   * transactions
   * go on. Only in the thread that opened the store.
   */
  async backup(path: string, options: BackupOptions = {}): Promise<void> {
    this.#requireOpen()
    await this.#folder('backup').checkpoints.backup(path, options)
  }

  /** What the store holds and has done, over all threads. */
  stats(): StoreStats {
    this.#requireOpen()
    return statsOf(this.#engine)
  }

  /** Frees what no transaction can see any more, beyond what commits free as they go. */
  collect(): void {
    this.#requireIdle('collect')
    this.#engine.collect()
  }

  /**
   * Ends this thread's use of the store: open transactions and snapshots of this thread are undone. In the
   * thread that opened the store, ends the store for all.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return
    if (this.#isRunning) throw new NestedTransactionError('close')
    for (const end of this.#open) end()
    this.#isClosed = true
    await this.#hooks.detach()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #attempts(what: string, options: TransactionOptions): Attempts {
    this.#requireIdle(what)
    if (options !== noOptions) checkTransactionOptions(options)
    const durability = modeOf(this.#hooks.acknowledger, options.durability)
    const attempts = this.#spare ?? new Attempts(this.#engine, this)
    this.#spare = undefined
    return attempts.renew(options, durability)
  }

  #run<T>(tx: Transaction, body: (tx: Transaction) => T): T {
    this.#isRunning = true
    try {
      return body(tx)
    } finally {
      this.#isRunning = false
    }
  }

  /** The rest of a transaction whose body is still to end, or that is to be run again. */
  async #goOn<T>(
    attempts: Attempts,
    body: (tx: Transaction) => T | PromiseLike<T>,
    options: TransactionOptions,
    begun: PromiseLike<T> | undefined,
  ): Promise<T> {
    let pending = begun
    for (;;) {
      if (pending === undefined) await pauseAsync(attempts)
      try {
        const result = pending ?? this.#run(attempts.begin(), body)
        pending = undefined
        const value = isThenable(result) ? await this.#awaitBody(attempts, result, options) : result
        if (attempts.commit()) return this.#acknowledge(attempts, value)
      } catch (error) {
        failOrThrow(attempts, error)
      }
    }
  }

  /** Answers a transaction that has committed, once what it has read and written is as durable as asked. */
  #acknowledge<T>(attempts: Attempts, value: T): Promise<T> {
    const { position, durability, timeoutMs } = attempts
    this.#spare = attempts.retire()
    const { acknowledger } = this.#hooks
    if (acknowledger === undefined) return Promise.resolve(value)
    return acknowledger.acknowledge(position, durability, timeoutMs, value)
  }

  /** Awaits an async body, or the end of its time, or its signal, or the store's. */
  async #awaitBody<T>(attempts: Attempts, body: PromiseLike<T>, options: TransactionOptions): Promise<T> {
    const { signal } = options
    let stop: (error: unknown) => void = () => {}
    const stopped = new Promise<never>((_, reject) => {
      stop = (error) => {
        attempts.cancel()
        reject(error)
      }
    })
    stopped.catch(() => {})
    const cancel = () => stop(new CancelledError(signal?.reason, options.label))
    const close = () => stop(new StoreClosedError(this.name))
    const left = attempts.leftMs
    const timer =
      left === Number.POSITIVE_INFINITY
        ? undefined
        : setTimeout(() => stop(attempts.timeoutError()), Math.max(0, Math.min(left, 2 ** 31 - 1)))
    signal?.addEventListener('abort', cancel)
    this.#open.add(close)
    if (signal?.aborted) cancel()
    try {
      const value = await Promise.race([body, stopped])
      // The body may have won though the transaction was stopped in the same turn.
      return attempts.isOpen ? value : await stopped
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
      this.#open.delete(close)
    }
  }

  #folder(what: string): StoreFolder {
    const { folder } = this.#hooks
    if (folder !== undefined) return folder
    const why =
      this.#hooks.acknowledger === undefined
        ? 'this store keeps data in memory only: open it with a path'
        : 'only the thread that opened the store can do it'
    throw new OptionError(what, `${what} is not possible here: ${why}`)
  }

  #hold(tx: MvccTransaction): HeldSnapshot {
    tx.hold()
    const close = () => {
      if (!this.#open.delete(close)) return
      this.#engine.commit(tx)
      snapshot.end()
    }
    const snapshot = new HeldSnapshot(this.#engine, this, tx, close)
    this.#open.add(close)
    return snapshot
  }

  #requireOpen(): void {
    if (this.#isClosed || this.#engine.isClosed) throw new StoreClosedError(this.name)
  }

  #requireIdle(what: string): void {
    this.#requireOpen()
    if (this.#isRunning) throw new NestedTransactionError(what)
  }
}

/** Undoes an attempt that has failed; throws, unless the transaction is to be run again. */
function failOrThrow(attempts: Attempts | undefined, error: unknown): void {
  if (attempts?.isOpen !== true) throw error
  attempts.fail(error)
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

/** The refused promise will fail on its closed transaction; that is not one more thing to report. */
function refuse(promise: PromiseLike<unknown>, what: string): AsyncBodyError {
  promise.then(undefined, () => {})
  return new AsyncBodyError(what)
}

async function pauseAsync(attempts: Attempts): Promise<void> {
  const ms = Math.floor(attempts.pauseUs / 1000)
  if (ms > 0 || attempts.mustYield) await delay(ms)
  else await Promise.resolve()
}
