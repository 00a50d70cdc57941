import { DirectoryLock } from './directoryLock.js'
import { inspectStore, type StoreReport } from './inspect.js'
import { NodeDisk } from './nodeDisk.js'
import { type SalvageReport, salvageStore } from './salvage.js'

/**
 * Says what is in a store's directory and what opening it would come to; changes nothing. Takes time
 * proportional to the bytes there.
 *
 * Throws `StoreLockedError` while a live process has the directory open, whose writing would look like
 * damage; and errors of the file system.
 */
export function inspect(path: string): StoreReport {
  DirectoryLock.requireFree(path)
  const disk = NodeDisk.openReadOnly(path)
  try {
    return inspectStore(disk)
  } finally {
    disk.close()
  }
}

/**
 * Writes all that can still be read of a store to `outPath`, a new or empty directory, as a store of its own,
 * and says what is lost. Transactions are saved whole; those behind a gap may build on what is lost.
 *
 * Throws `SalvageError`, `StoreLockedError`, and errors of the file system.
 */
export function salvage(path: string, outPath: string): SalvageReport {
  DirectoryLock.requireFree(path)
  const disk = NodeDisk.openReadOnly(path)
  const target = NodeDisk.open(outPath)
  try {
    return salvageStore(disk, target)
  } finally {
    disk.close()
    target.close()
  }
}
