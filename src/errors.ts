export interface TidemarkErrorOptions {
  readonly code: `TIDEMARK_${string}`
  readonly retryable?: boolean
  readonly cause?: unknown
}

/**
 * The base of every error this library throws. Tell errors apart by `code`: `instanceof` fails when two
 * copies of the library are loaded, or once an error has crossed to another thread.
 */
export class TidemarkError extends Error {
  readonly code: `TIDEMARK_${string}`
  /** True when running the same transaction again may succeed. */
  readonly retryable: boolean

  constructor(message: string, options: TidemarkErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = options.code
    this.retryable = options.retryable ?? false
  }
}
