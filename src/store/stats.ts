import { chunkBytes } from '../memory/layout.js'
import { type AbortReason, abortReasons } from '../mvcc/abort.js'
import { counter, type Engine } from '../mvcc/engine.js'

export interface StoreStats {
  /** Bytes that data may take. */
  readonly memoryLimitBytes: number
  /**
   * Bytes taken from the operating system: chunks of data, used again but never given back, and the hash
   * directory.
   */
  readonly memoryBytes: number
  /** Bytes of blocks in use: versions, keys, index, and what waits to be collected. */
  readonly usedBytes: number
  /**
   * Versions, and replaced blocks of the index, that are in use only because open snapshots keep them. It
   * grows as commits come across what they cannot free.
   */
  readonly keptForSnapshots: number
  /** Keys in the index, deleted ones that are not yet collected included. */
  readonly keys: number
  /** Attached threads. */
  readonly sites: number
  /** Over all threads since the store was opened. */
  readonly transactions: {
    readonly committed: number
    readonly aborted: Readonly<Record<AbortReason, number>>
  }
  /**
   * The oldest open transaction or snapshot of any thread, which holds back collection; undefined if none is
   * open.
   */
  readonly oldest: { readonly thread: number; readonly ageMs: number } | undefined
}

/** @internal */
export function statsOf(engine: Engine): StoreStats {
  const aborted = {} as Record<AbortReason, number>
  for (const [index, reason] of abortReasons.entries())
    aborted[reason] = engine.sumCounter(counter.aborted + index)
  return {
    memoryLimitBytes: engine.memory.limitBytes,
    memoryBytes: engine.context.arena.pool.chunksInUse * chunkBytes + engine.directory.sizeBytes,
    usedBytes: engine.usedBytes,
    keptForSnapshots: engine.keptCount,
    keys: engine.tupleCount,
    sites: engine.context.sites.attachedCount,
    transactions: { committed: engine.sumCounter(counter.committed), aborted },
    oldest: engine.oldestOpen(),
  }
}
