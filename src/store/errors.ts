import { TidemarkError } from '../errors.js'

/** The store was closed, in this thread or by the thread that opened it. */
export class StoreClosedError extends TidemarkError {
  constructor(name: string) {
    super(`the store '${name}' is closed`, { code: 'TIDEMARK_STORE_CLOSED' })
  }
}

/** `attach` found no store, or more than one, that it could mean. */
export class StoreNotFoundError extends TidemarkError {
  constructor(message: string) {
    super(message, { code: 'TIDEMARK_STORE_NOT_FOUND' })
  }
}

/** An option is unknown, or its value is not one of those allowed. */
export class OptionError extends TidemarkError {
  readonly option: string
  constructor(option: string, message: string) {
    super(message, { code: 'TIDEMARK_OPTION' })
    this.option = option
  }
}

/** A transaction or snapshot was used after it had ended. */
export class TransactionClosedError extends TidemarkError {
  constructor(what: string) {
    super(`this ${what} has ended: use it only inside its body, and await all that the body starts`, {
      code: 'TIDEMARK_TRANSACTION_CLOSED',
    })
  }
}

/** The body of `transactionSync` or `snapshot` returned a promise; nothing was committed. */
export class AsyncBodyError extends TidemarkError {
  constructor(what: string) {
    super(
      `the body of ${what} returned a promise, and nothing was committed: use \`transaction\`, which awaits its body`,
      {
        code: 'TIDEMARK_ASYNC_BODY',
      },
    )
  }
}

/** A snapshot was asked to write. */
export class ReadOnlyError extends TidemarkError {
  constructor(operation: string) {
    super(`${operation} was called on a snapshot, which only reads: use \`transaction\``, {
      code: 'TIDEMARK_READ_ONLY',
    })
  }
}

/** A transaction or snapshot was started inside the body of another one. */
export class NestedTransactionError extends TidemarkError {
  constructor(what: string) {
    super(
      `${what} was called inside the body of a transaction, of which it would not be a part: use the body's \`tx\``,
      {
        code: 'TIDEMARK_NESTED_TRANSACTION',
      },
    )
  }
}

/** The table is not one of this store's, or is used with another codec than it was made with. */
export class TableError extends TidemarkError {
  readonly table: string
  constructor(table: string, message: string) {
    super(message, { code: 'TIDEMARK_TABLE' })
    this.table = table
  }
}

/** `insert` found the key present. */
export class DuplicateKeyError extends TidemarkError {
  readonly table: string
  readonly key: unknown
  constructor(table: string, key: unknown) {
    super(`the key ${String(key)} is already present in table '${table}': use put to replace it`, {
      code: 'TIDEMARK_DUPLICATE_KEY',
    })
    this.table = table
    this.key = key
  }
}

/** `tx.abort` was called; its argument is the `cause`. */
export class AbortedError extends TidemarkError {
  constructor(cause: unknown) {
    super('the transaction was aborted by its body', { code: 'TIDEMARK_ABORTED', cause })
  }
}

/** The transaction, all attempts together, took longer than its `timeoutMs`. */
export class TimeoutError extends TidemarkError {
  readonly timeoutMs: number
  constructor(timeoutMs: number, attempt: number, label: string | undefined) {
    super(
      `${nameOf(label)} was undone: it took longer than its timeoutMs of ${timeoutMs}, in attempt ${attempt}`,
      {
        code: 'TIDEMARK_TIMEOUT',
        retryable: true,
      },
    )
    this.timeoutMs = timeoutMs
  }
}

/** The transaction's signal was aborted; the signal's reason is the `cause`. */
export class CancelledError extends TidemarkError {
  constructor(cause: unknown, label: string | undefined) {
    super(`${nameOf(label)} was cancelled by its signal`, { code: 'TIDEMARK_CANCELLED', cause })
  }
}

/** Every attempt met a conflict; the last one is the `cause`. */
export class RetryLimitError extends TidemarkError {
  readonly attempts: number
  constructor(attempts: number, label: string | undefined, cause: unknown) {
    super(
      `${nameOf(label)} met a conflict in each of its ${attempts} attempts: see the cause, or raise maxRetries`,
      {
        code: 'TIDEMARK_RETRY_LIMIT',
        retryable: true,
        cause,
      },
    )
    this.attempts = attempts
  }
}

function nameOf(label: string | undefined): string {
  return label === undefined ? 'the transaction' : `the transaction '${label}'`
}
