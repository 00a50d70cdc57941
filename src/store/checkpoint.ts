import { CheckpointWriter, removeObsolete } from '../durable/checkpointFile.js'
import type { Disk } from '../durable/disk.js'
import { Durability } from '../durable/durability.js'
import { isThreadDead } from '../durable/nativeThread.js'
import type { Ring } from '../durable/ring.js'
import { Cursor } from '../mvcc/cursor.js'
import type { Engine } from '../mvcc/engine.js'
import type { MvccTransaction } from '../mvcc/transaction.js'

export interface CheckpointOptions {
  readonly storeId: Uint8Array
  /** A backup stands alone: it needs no journal, and no file is removed for it. */
  readonly isBackup: boolean
  /** A segment that begins here or later is young enough to begin at, and no new one is begun. */
  readonly youngFrom?: number | undefined
}

export interface CheckpointedStore {
  readonly engine: Engine
  readonly ring: Ring
  readonly disk: Disk
  /** Begins a new segment of the journal, unless there is a young one; answers where. */
  readonly beginSegment: (youngFrom: number | undefined) => number
}

/** What a checkpoint says while it is written; it may throw, to end it. */
export type OnEntries = (entries: number) => void

export interface WrittenCheckpoint {
  readonly name: string
  /** Where replay begins after it. */
  readonly position: number
  readonly entries: number
  readonly lengthBytes: number
}

/** Progress is told after so many entries. */
const progressEntries = 4096
/** The journal is waited for as long as it lives. */
const forever = Number.POSITIVE_INFINITY
const unbounded = {
  lower: undefined,
  isLowerExcluded: false,
  upper: undefined,
  isUpperExcluded: false,
  isReverse: false,
}

/**
 * Writes one state of the store to a checkpoint, while transactions go on.
 *
 * A new segment is begun first. Replay will begin there, so older segments are not needed, no damage to them
 * matters, and they are removed whole. It is the journal's tail of before the state was chosen, or earlier.
 * Whoever has a position below that had its tid before, and owns its tuples until they are installed; reading
 * waits for owners below its own tid; so all of those are in the state. What has a later position may be in
 * it too, and is replayed once more: records hold values, not changes, and follow for each key in the order
 * of their versions. But then the journal has to reach that far, or effects would be there without what came
 * before them. So the checkpoint is installed when all that it holds is durable, and says how far that is.
 */
export function writeCheckpoint(
  store: CheckpointedStore,
  { storeId, isBackup, youngFrom }: CheckpointOptions,
  onEntries: OnEntries,
): WrittenCheckpoint {
  const { engine, ring, disk } = store
  const position = isBackup ? ring.tail : store.beginSegment(youngFrom)
  const tableCount = engine.catalog.settledCount()
  const tx = engine.begin('optimistic')
  let writer: CheckpointWriter | undefined
  let isInstalled = false
  try {
    writer = new CheckpointWriter(disk, storeId, position)
    for (let id = 1; id <= tableCount; id++) writer.table(engine.catalog.entryOf(id))
    for (let id = 1; id <= tableCount; id++) copyTable(engine, tx, { id, writer, onEntries })
    onEntries(writer.entries)
    new Durability(ring, isThreadDead).wait(tx.position, forever)
    const name = writer.install(tx.position, isBackup)
    isInstalled = true
    if (!isBackup) removeObsolete(disk, position)
    return { name, position, entries: writer.entries, lengthBytes: writer.lengthBytes }
  } finally {
    engine.commit(tx)
    if (!isInstalled) writer?.abandon()
  }
}

function copyTable(
  engine: Engine,
  tx: MvccTransaction,
  { id, writer, onEntries }: { id: number; writer: CheckpointWriter; onEntries: OnEntries },
): void {
  const cursor = new Cursor(engine, tx, engine.treeOf(id), unbounded)
  while (cursor.next()) {
    cursor.showKey()
    const { keySource, keyStart, keyEnd } = cursor
    const keyBytes = keyEnd - keyStart
    const at = writer.entry(id, keyBytes, tx.end - tx.start)
    keySource.copy(writer.bytes, at, keyStart, keyEnd)
    tx.source.copy(writer.bytes, at + keyBytes, tx.start, tx.end)
    if (writer.entries % progressEntries === 0) onEntries(writer.entries)
  }
}
