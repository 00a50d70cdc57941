import { TidemarkError } from '../errors.js'

/** Why an attempt of a transaction was undone. The one list behind the type, the counters and the reports. */
export const abortReasons = [
  /** A key to be written was read or written meanwhile by a transaction with a later tid. */
  'conflict',
  /**
   * A range, or an absent key, that a write falls into was read meanwhile by a transaction with a later tid.
   */
  'range',
  /** A key stayed owned by another transaction that was committing. */
  'owned',
  /** A key or range is held by a transaction in locking mode. */
  'locked',
  /** The memory limit was reached. */
  'memory',
  /** The body threw, or called `abort`. */
  'user',
  /** The signal was aborted or the time was over. */
  'cancelled',
] as const

export type AbortReason = (typeof abortReasons)[number]

/** Reasons that go away when the transaction is run again. */
export function isRetryable(reason: AbortReason): boolean {
  return reason === 'conflict' || reason === 'range' || reason === 'owned' || reason === 'locked'
}

/**
 * A transaction could not go on because of another one. `transaction` runs the body again when it sees this.
 */
export class ConflictError extends TidemarkError {
  readonly reason: AbortReason
  constructor(reason: AbortReason, message: string = descriptions[reason]) {
    super(message, { code: 'TIDEMARK_CONFLICT', retryable: true })
    this.reason = reason
  }
}

const descriptions: Record<AbortReason, string> = {
  conflict: 'a key of the transaction was read or written meanwhile by a later transaction',
  range: 'a key was written into a range that a later transaction had read',
  owned: 'a key of the transaction stayed owned by another transaction that was committing',
  locked: 'a key or range of the transaction is held by a transaction in locking mode',
  memory: 'the memory limit was reached',
  user: 'the body threw',
  cancelled: 'the transaction was cancelled',
}
