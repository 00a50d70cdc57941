import { header } from '../memory/layout.js'
import { MemoryFullError, StuckError } from '../memory/errors.js'
import { type AbortReason, ConflictError, isRetryable } from '../mvcc/abort.js'
import type { Engine } from '../mvcc/engine.js'
import type { Mode, MvccTransaction } from '../mvcc/transaction.js'
import { type Stamp, stampNone } from '../tid/stamp.js'
import { CancelledError, RetryLimitError, StoreClosedError, TimeoutError } from './errors.js'
import {
  type DurabilityMode,
  maxRetriesDefault,
  timeoutMsDefault,
  type TransactionOptions,
} from './options.js'
import { Transaction } from './view.js'

/** After so many conflicts a transaction is run in locking mode. */
const optimisticAttempts = 4

/** How often a transaction that finds memory full collects garbage and is run again. */
const memoryRetryLimit = 4

const backoffUs = 2
const backoffLimitUs = 4000
/** Who holds a lock may be awaiting something. */
const lockedLimitUs = 100_000
export const noOptions: TransactionOptions = {}
/** Shorter pauses spin: a sleep takes about this long at least. */
const sleepMinUs = 100

/**
 * The attempts of one transaction: begins each, judges how it ended, and says whether there is to be another.
 * The loops that use it, for sync and async bodies, differ in nothing but how they wait. Instances are used
 * again for later transactions.
 */
export class Attempts {
  transaction!: Transaction
  readonly #engine: Engine
  readonly #owner: { readonly name: string }
  #options = noOptions
  #tx: MvccTransaction | undefined
  #attempt = 0
  #age: Stamp = stampNone
  #memoryRetries = 0
  #reason: AbortReason = 'conflict'
  /** After the commit: how far the journal must be on disk for all that was read or written to be. */
  position = 0
  durability!: DurabilityMode

  constructor(engine: Engine, owner: { readonly name: string }) {
    this.#engine = engine
    this.#owner = owner
  }

  /** Makes it those of a transaction that is to be begun. */
  renew(options: TransactionOptions, durability: DurabilityMode): this {
    this.#options = options
    this.durability = durability
    this.#attempt = 0
    this.#age = stampNone
    this.#memoryRetries = 0
    this.#reason = 'conflict'
    return this
  }

  /** Begins an attempt, and gives the transaction for its body. */
  begin(): Transaction {
    const { signal, mode, onRetry } = this.#options
    if (this.#engine.isClosed) throw new StoreClosedError(this.#owner.name)
    if (signal?.aborted) throw new CancelledError(signal.reason, this.#options.label)
    const attempt = ++this.#attempt
    if (attempt > 1) onRetry?.({ attempt, reason: this.#reason })
    const chosen: Mode = mode === 'locking' || attempt > optimisticAttempts ? 'locking' : 'optimistic'
    const tx = this.#engine.begin(chosen, this.#age)
    if (this.#age === stampNone) this.#age = tx.opened
    tx.isLogged = this.durability !== 'none'
    this.#tx = tx
    this.transaction = new Transaction(this.#engine, this.#owner, tx, attempt)
    return this.transaction
  }

  /** Lets go of what is the caller's, until it is renewed. */
  retire(): this {
    this.#options = noOptions
    return this
  }

  /** The body has ended well: commits. False if the transaction is to be run again. */
  commit(): boolean {
    const failure = this.transaction.failure
    if (failure !== undefined) return this.fail(failure)
    if (this.#engine.isClosed) {
      this.cancel()
      throw new StoreClosedError(this.#owner.name)
    }
    const tx = this.#close()
    let reason: AbortReason | undefined
    try {
      reason = this.#engine.commit(tx)
    } catch (error) {
      if (error instanceof StuckError) return this.#again('owned', error)
      if (error instanceof MemoryFullError && this.#mayCollect()) return this.#again('memory', error)
      throw error
    }
    this.position = tx.position
    return reason === undefined || this.#again(reason, undefined)
  }

  /**
   * The body has thrown: undoes it. Throws the error, unless the transaction is to be run again: then false.
   */
  fail(error: unknown): false {
    const cause = this.transaction.failure ?? error
    const reason = reasonOf(cause)
    this.#engine.abort(this.#close(), reason)
    if (!isRetryable(reason) && !(reason === 'memory' && this.#mayCollect())) throw error
    return this.#again(reason, cause)
  }

  /** The transaction is given up from outside its body. */
  cancel(): void {
    if (this.#tx !== undefined) this.#engine.abort(this.#close(), 'cancelled')
  }

  /**
   * How long to wait before the next attempt, in microseconds: random, so that two that collided do not
   * again.
   */
  get pauseUs(): number {
    const limit = Math.min(
      backoffUs * 2 ** this.#attempt,
      this.#reason === 'locked' ? lockedLimitUs : backoffLimitUs,
    )
    return Math.random() * limit
  }

  /** Whether what was met may be waiting for this thread's event loop. */
  get mustYield(): boolean {
    return this.#reason === 'locked'
  }

  /** Whether an attempt is under way. */
  get isOpen(): boolean {
    return this.#tx !== undefined
  }

  /** Milliseconds left of the time limit, by the first attempt's stamp. */
  get leftMs(): number {
    return this.timeoutMs - this.#engine.context.site.msSince(this.#age)
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs ?? timeoutMsDefault
  }

  timeoutError(): TimeoutError {
    return new TimeoutError(this.timeoutMs, this.#attempt, this.#options.label)
  }

  #close(): MvccTransaction {
    const tx = this.#tx!
    this.#tx = undefined
    this.transaction.end()
    return tx
  }

  /** Memory that is full may be full of garbage: works that off, and says whether there was any. */
  #mayCollect(): boolean {
    return this.#memoryRetries++ < memoryRetryLimit && this.#engine.collect() > 0
  }

  #again(reason: AbortReason, cause: unknown): false {
    this.#reason = reason
    if (this.#attempt > (this.#options.maxRetries ?? maxRetriesDefault)) {
      if (reason === 'memory') throw cause
      throw new RetryLimitError(this.#attempt, this.#options.label, cause ?? new ConflictError(reason))
    }
    if (this.leftMs <= 0) throw this.timeoutError()
    return false
  }
}

/** Pauses this thread between two attempts. */
export function pause(engine: Engine, pauseUs: number): void {
  if (pauseUs >= sleepMinUs) {
    Atomics.wait(engine.memory.i32, header.sleep, 0, pauseUs / 1000)
    return
  }
  const until = performance.now() + pauseUs / 1000
  while (performance.now() < until);
}

function reasonOf(error: unknown): AbortReason {
  if (error instanceof ConflictError) return error.reason
  if (error instanceof StuckError) return 'owned'
  if (error instanceof MemoryFullError) return 'memory'
  return 'user'
}
