import { setTimeout as delay } from 'node:timers/promises'
import { chunkBytes } from '../memory/layout.js'
import { type AbortReason, abortReasons } from '../mvcc/abort.js'
import { counter, type Engine } from '../mvcc/engine.js'
import type { MvccTransaction } from '../mvcc/transaction.js'
import type { ValueCodec } from './codec.js'
import { msgpack } from './codecs/msgpack.js'
import {
  AsyncBodyError,
  CancelledError,
  NestedTransactionError,
  StoreClosedError,
  TableError,
} from './errors.js'
import type { StoreHandle } from './handle.js'
import type { Key } from './keys.js'
import {
  checkTableOptions,
  checkTransactionOptions,
  type TableOptions,
  type TransactionOptions,
} from './options.js'
import { Attempts, pause } from './runner.js'
import { Table } from './table.js'
import { Snapshot, type Transaction } from './view.js'

const tableNameLimit = 255
const noOptions: TransactionOptions = {}

export interface StoreStats {
  /** Bytes that data may take. */
  readonly memoryLimitBytes: number
  /**
   * Bytes taken from the operating system: chunks of data, used again but never given back, and the hash
   * directory.
   */
  readonly memoryBytes: number
  /** Bytes of blocks in use: versions, keys, index, and what waits to be collected. */
  readonly usedBytes: number
  /** Keys in the index, deleted ones that are not yet collected included. */
  readonly keys: number
  /** Attached threads. */
  readonly sites: number
  /** Over all threads since the store was opened. */
  readonly transactions: {
    readonly committed: number
    readonly aborted: Readonly<Record<AbortReason, number>>
  }
  /**
   * The oldest open transaction or snapshot of any thread, which holds back collection; undefined if none is
   * open.
   */
  readonly oldest: { readonly thread: number; readonly ageMs: number } | undefined
}

/**
 * A snapshot that stays open until it is closed. Old versions that it can see are kept: do not keep it for
 * long.
 */
export class HeldSnapshot extends Snapshot implements Disposable {
  readonly #close: () => void

  /** @internal */
  constructor(engine: Engine, owner: object, tx: MvccTransaction, close: () => void) {
    super(engine, owner, tx)
    this.#close = close
  }

  /** Ends the snapshot. Closing it again does nothing. */
  close(): void {
    this.#close()
    this.end()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** A store, as one thread uses it. Made by `open` and `attach`. */
export class Store implements AsyncDisposable {
  readonly name: string
  /** Give this to `attach` in a thread that was started before the store was opened. */
  readonly handle: StoreHandle
  readonly #engine: Engine
  readonly #detach: () => void
  readonly #tables = new Map<string, Table<Key, unknown>>()
  readonly #open = new Set<() => void>()
  #isRunning = false
  #isClosed = false

  /** @internal */
  constructor(engine: Engine, handle: StoreHandle, detach: () => void) {
    this.#engine = engine
    this.handle = handle
    this.name = handle.name
    this.#detach = detach
  }

  get status(): 'open' | 'closed' {
    return this.#isClosed || this.#engine.isClosed ? 'closed' : 'open'
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
  async transaction<T>(
    body: (tx: Transaction) => T | PromiseLike<T>,
    options: TransactionOptions = noOptions,
  ): Promise<T> {
    const attempts = this.#attempts('transaction', options)
    for (;;) {
      let value: T
      try {
        const tx = attempts.begin()
        const result = this.#run(() => body(tx))
        value = isThenable(result) ? await this.#awaitBody(attempts, result, options) : result
      } catch (error) {
        this.#failOrThrow(attempts, error)
        await pauseAsync(attempts)
        continue
      }
      if (attempts.commit()) return value
      await pauseAsync(attempts)
    }
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
      if (attempts.commit()) return value
      pause(this.#engine, attempts.pauseUs)
    }
  }

  /** Runs the body, which must not return a promise, on one state of the store. */
  snapshot<T>(body: (tx: Snapshot) => T): T
  /** Opens a snapshot that stays until it is closed or disposed of. */
  snapshot(): HeldSnapshot
  snapshot<T>(body?: (tx: Snapshot) => T): T | HeldSnapshot {
    this.#requireIdle('snapshot')
    const tx = this.#engine.begin('optimistic')
    if (body === undefined) return this.#hold(tx)
    const snapshot = new Snapshot(this.#engine, this, tx)
    this.#isRunning = true
    try {
      const value = body(snapshot)
      if (isThenable(value)) throw refuse(value, 'snapshot')
      return value
    } finally {
      this.#isRunning = false
      snapshot.end()
      this.#engine.commit(tx)
    }
  }

  /** What the store holds and has done, over all threads. */
  stats(): StoreStats {
    this.#requireOpen()
    const engine = this.#engine
    const aborted = {} as Record<AbortReason, number>
    for (const [index, reason] of abortReasons.entries())
      aborted[reason] = engine.sumCounter(counter.aborted + index)
    return {
      memoryLimitBytes: engine.memory.limitBytes,
      memoryBytes: engine.context.arena.pool.chunksInUse * chunkBytes + engine.directory.sizeBytes,
      usedBytes: engine.usedBytes,
      keys: engine.tupleCount,
      sites: engine.context.sites.attachedCount,
      transactions: { committed: engine.sumCounter(counter.committed), aborted },
      oldest: engine.oldestOpen(),
    }
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
    this.#detach()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #attempts(what: string, options: TransactionOptions): Attempts {
    this.#requireIdle(what)
    if (options !== noOptions) checkTransactionOptions(options)
    return new Attempts(this.#engine, this, this.name, options)
  }

  #run<T>(body: () => T): T {
    this.#isRunning = true
    try {
      return body()
    } finally {
      this.#isRunning = false
    }
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

  #failOrThrow(attempts: Attempts, error: unknown): void {
    if (!attempts.isOpen) throw error
    attempts.fail(error)
  }

  #hold(tx: MvccTransaction): HeldSnapshot {
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
    if (this.status === 'closed') throw new StoreClosedError(this.name)
  }

  #requireIdle(what: string): void {
    this.#requireOpen()
    if (this.#isRunning) throw new NestedTransactionError(what)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
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
