/**
 * A place in a journal. Opaque: keep it, store it, compare it with others of the same journal by `<`, which
 * is the order of the journal, and hand it back.
 */
export type JournalPosition = string & { readonly [positionTag]: true }
declare const positionTag: unique symbol

export interface JournalEntry {
  readonly position: JournalPosition
  /** A copy of what was appended. */
  readonly payload: Uint8Array
}

export interface JournalStatus {
  readonly state: 'open' | 'failed' | 'closed'
  /** What made it fail. */
  readonly cause: unknown
  /** The oldest entry that can be read, if there is one, is here or behind. */
  readonly begin: JournalPosition
  /** Where the next entry goes. */
  readonly end: JournalPosition
  /** Everything before is durable. */
  readonly durable: JournalPosition
  /** How often the journal has been synced since it was opened. */
  readonly syncs: number
}

/**
 * A durable log of opaque entries, in one order. `openJournal` opens one in a directory; a log that is
 * replicated can be one too: appends come in batches, positions are opaque, and the fencing token tells an
 * owner from those before it.
 */
export interface Journal {
  /**
   * Larger than that of every earlier opening. Send it along to whatever acts on the journal's behalf, and
   * have it refuse smaller ones than it has seen: a process that was believed dead can then do no harm.
   */
  readonly fencingToken: number

  /**
   * Appends entries, and returns their positions without waiting for the disk. They become durable soon, and
   * in order: a crash may keep the first ones of a batch only. Waits only while the journal's buffer is full.
   *
   * Throws `RecordTooLongError`, `JournalBufferFullError`, `JournalFailedError` and `JournalClosedError`;
   * entries of the batch before the one that threw are appended.
   */
  append(...payloads: readonly Uint8Array[]): JournalPosition[]

  /** Appends entries and resolves, with their positions, once they are durable. */
  commit(...payloads: readonly Uint8Array[]): Promise<JournalPosition[]>

  /**
   * Resolves once the entry at a position, and all before it, are durable. Rejects with `JournalFailedError`,
   * `JournalClosedError`, or, after 60 s, `DurabilityTimeoutError`.
   */
  whenDurable(position: JournalPosition): Promise<void>

  /** Resolves once everything appended so far is durable; rejects as `whenDurable` does. */
  flush(): Promise<void>

  /**
   * The entries that were durable when it was called, in order, from a position on: that entry included.
   * Reads about a megabyte at a time.
   *
   * Throws `JournalPositionError` for a position that was truncated away or is no position of this journal,
   * and `JournalDamagedError`.
   */
  read(from?: JournalPosition): Generator<JournalEntry, void, void>

  /**
   * Gives up all entries before a position, once that is durable. Their room on disk is freed segment by
   * segment.
   */
  truncateBefore(position: JournalPosition): Promise<void>

  status(): JournalStatus

  /** Writes what was appended, and gives the directory back. Rejects if the journal had failed. */
  close(): Promise<void>

  [Symbol.asyncDispose](): Promise<void>
}
