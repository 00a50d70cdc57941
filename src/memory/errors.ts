import { TidemarkError } from '../errors.js'

/**
 * No block of the size is free. The transaction is undone; the store goes on, and freed memory is used again.
 */
export class MemoryFullError extends TidemarkError {
  readonly requestedBytes: number
  readonly limitBytes: number
  constructor(requestedBytes: number, limitBytes: number) {
    super(
      `no room for ${requestedBytes} bytes: the store's memoryLimitBytes of ${limitBytes} is used up. The transaction was undone. ` +
        'Delete data, close old snapshots, or open the store with a larger memoryLimitBytes',
      { code: 'TIDEMARK_MEMORY_FULL' },
    )
    this.requestedBytes = requestedBytes
    this.limitBytes = limitBytes
  }
}

export class MemoryLimitError extends TidemarkError {
  readonly limitBytes: number
  constructor(limitBytes: number, minimum: number, maximum: number) {
    super(`memoryLimitBytes is ${limitBytes}, but must be a whole number from ${minimum} to ${maximum}`, {
      code: 'TIDEMARK_MEMORY_LIMIT',
    })
    this.limitBytes = limitBytes
  }
}

/** The handle or buffer is not one of this library's, or of another version of it. */
export class MemoryLayoutError extends TidemarkError {
  constructor(message: string) {
    super(message, { code: 'TIDEMARK_MEMORY_LAYOUT' })
  }
}

/**
 * A thread that is alive kept a latch, or a tuple it was committing, for longer than any scheduler delay
 * explains.
 */
export class StuckError extends TidemarkError {
  readonly site: number
  constructor(what: string, site: number, waitedMs: number) {
    super(
      `site ${site} has kept ${what} for ${Math.round(waitedMs)} ms: its thread is stopped or starved of CPU. The transaction was undone; try again`,
      { code: 'TIDEMARK_STUCK', retryable: true },
    )
    this.site = site
  }
}

/** Whether work that frees memory can go on later, when there is more, or somebody is out of the way. */
export function isLackOfRoom(error: unknown): boolean {
  return error instanceof MemoryFullError || error instanceof StuckError
}
