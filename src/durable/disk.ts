/**
 * One directory of files: the only way of the journal to the outside. Everything is synchronous; only the
 * thread that owns the journal's files uses it.
 *
 * What is written may be lost, whole or in part and in any order, until `sync` returns; a file created,
 * renamed or removed, until `syncDirectory` returns. Errors are those of the operating system (`code` EIO,
 * ENOSPC, ...). After an error of `sync` nothing is known about what was written since the one before.
 */
export interface Disk {
  /** Names of the files, in no order. */
  list(): string[]
  size(name: string): number
  /** Fills `into` from `offset` on. Returns how many bytes there were: fewer only at the end of the file. */
  read(name: string, offset: number, into: Uint8Array): number
  /** Writes the buffers, one behind the other, and creates the file if need be. */
  write(name: string, offset: number, buffers: readonly Uint8Array[]): void
  /** Returns when all that was written to the file, and its size, are on the medium. */
  sync(name: string): void
  truncate(name: string, lengthBytes: number): void
  /** Atomic: whoever looks sees `to` as it was, or as `from` was. */
  rename(from: string, to: string): void
  remove(name: string): void
  syncDirectory(): void
  /** Closes descriptors; it syncs nothing. */
  close(): void
}
