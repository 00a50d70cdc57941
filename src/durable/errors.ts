import { TidemarkError } from '../errors.js'

/**
 * The journal met an error of the disk, its `cause`, and acknowledges nothing any more. Data in memory can
 * still be read. Once the cause is gone, open the store again: nothing acknowledged is lost.
 */
export class JournalFailedError extends TidemarkError {
  constructor(cause: unknown) {
    super(
      `the journal has failed and acknowledges nothing any more: ${messageOf(cause)}. ` +
        'Remove the cause and open the store again: nothing acknowledged is lost',
      { code: 'TIDEMARK_JOURNAL_FAILED', cause },
    )
  }
}

/** The journal was closed while, or before, something was to be written to it. */
export class JournalClosedError extends TidemarkError {
  constructor() {
    super('the journal is closed', { code: 'TIDEMARK_JOURNAL_CLOSED' })
  }
}

/** Where a file of a store is not as it was written. */
export interface Damage {
  readonly file: string
  /** Of the first byte that could not be made sense of. */
  readonly offset: number
  /** The journal position that was to be found there. */
  readonly position?: number | undefined
  readonly reason: string
}

/** Data that had been on disk is damaged or gone. Nothing was changed. */
export class JournalDamagedError extends TidemarkError {
  readonly file: string
  readonly offset: number
  readonly position: number | undefined
  readonly reason: string
  constructor({ file, offset, position, reason }: Damage) {
    super(
      `${file} is damaged at byte ${offset}: ${reason}. Nothing was changed. Restore a backup, or run ` +
        '`tidemark salvage DIR --out DIR2`, which saves all that is still readable and lists what is lost',
      { code: 'TIDEMARK_JOURNAL_DAMAGED' },
    )
    this.file = file
    this.offset = offset
    this.position = position
    this.reason = reason
  }
}

/** A file was written in a format that this version of the library does not know. */
export class JournalVersionError extends TidemarkError {
  readonly file: string
  readonly version: number
  readonly knownVersions: readonly number[]
  constructor(file: string, version: number, knownVersions: readonly number[]) {
    super(
      `${file} has format version ${version}; this version of tidemark knows ${knownVersions.join(', ')}. ` +
        'Open it with the version that wrote it, or a later one',
      { code: 'TIDEMARK_JOURNAL_VERSION' },
    )
    this.file = file
    this.version = version
    this.knownVersions = knownVersions
  }
}

/** Who has a store open. */
export interface LockHolder {
  readonly pid: number
  readonly host: string
}

/** Another process, or another store of this one, has the directory open. */
export class StoreLockedError extends TidemarkError {
  readonly path: string
  readonly holder: LockHolder
  /**
   * Whether the holder is known to be running. If not, it is of another machine, or of another container, and
   * whether it has ended cannot be known here.
   */
  readonly isHolderAlive: boolean
  constructor(path: string, holder: LockHolder, isHolderAlive: boolean) {
    super(`${path} is in use by process ${holder.pid} on ${holder.host}: ${wayOut(path, isHolderAlive)}`, {
      code: 'TIDEMARK_STORE_LOCKED',
    })
    this.path = path
    this.holder = holder
    this.isHolderAlive = isHolderAlive
  }
}

function wayOut(path: string, isHolderAlive: boolean): string {
  if (isHolderAlive)
    return 'only one process at a time can open a store. Threads of one process share it with `attach()`'
  return (
    'it is of another machine or container, so whether it still runs cannot be known here. ' +
    `If you are certain that it has ended, remove ${path}/lock and open again; while it runs, that destroys the store`
  )
}

/** A record is longer than the journal can take. */
export class RecordTooLongError extends TidemarkError {
  readonly lengthBytes: number
  readonly limitBytes: number
  constructor(lengthBytes: number, limitBytes: number) {
    super(
      `the record has ${lengthBytes} bytes, more than the limit of ${limitBytes}: write less in one transaction, or raise journalBufferBytes`,
      { code: 'TIDEMARK_RECORD_TOO_LONG' },
    )
    this.lengthBytes = lengthBytes
    this.limitBytes = limitBytes
  }
}

/** The disk did not keep up: there was no room in the journal's buffer. Nothing was written. */
export class JournalBufferFullError extends TidemarkError {
  readonly requestedBytes: number
  readonly capacityBytes: number
  constructor(requestedBytes: number, capacityBytes: number, waitedMs: number) {
    super(
      `no room for ${requestedBytes} bytes in the journal's buffer of ${capacityBytes} after ${Math.round(waitedMs)} ms: ` +
        'the disk does not keep up. Nothing was written; try again, or raise journalBufferBytes',
      { code: 'TIDEMARK_JOURNAL_BUFFER_FULL', retryable: true },
    )
    this.requestedBytes = requestedBytes
    this.capacityBytes = capacityBytes
  }
}

/** What was committed was not yet durable when the time was up; it is committed, and may become durable. */
export class DurabilityTimeoutError extends TidemarkError {
  readonly timeoutMs: number
  constructor(timeoutMs: number) {
    super(
      `not durable after ${timeoutMs} ms. What was committed stays committed and may still become durable: wait for it with \`flush\``,
      { code: 'TIDEMARK_DURABILITY_TIMEOUT' },
    )
    this.timeoutMs = timeoutMs
  }
}

/** A record's checksum is right and its content makes no sense: it was written by other software. */
export class PayloadError extends TidemarkError {
  constructor(message: string) {
    super(message, { code: 'TIDEMARK_PAYLOAD' })
  }
}

/** An option of a journal is not one of the values allowed. */
export class JournalOptionError extends TidemarkError {
  readonly option: string
  constructor(option: string, value: unknown, allowed: string) {
    super(`${option} is ${String(value)}, but must be ${allowed}`, { code: 'TIDEMARK_JOURNAL_OPTION' })
    this.option = option
  }
}

/** A position is not one of this journal's, or not any more. */
export class JournalPositionError extends TidemarkError {
  readonly position: string
  constructor(position: string, reason: string) {
    super(`the position ${position} cannot be used: ${reason}`, { code: 'TIDEMARK_JOURNAL_POSITION' })
    this.position = position
  }
}

/** There is nothing to salvage, or nowhere to write it. */
export class SalvageError extends TidemarkError {
  constructor(message: string) {
    super(message, { code: 'TIDEMARK_SALVAGE' })
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
