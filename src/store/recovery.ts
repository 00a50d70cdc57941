import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Disk } from '../durable/disk.js'
import { frameKind } from '../durable/frame.js'
import { decodeTable } from '../durable/payload.js'
import type { Cut } from '../durable/segmentScan.js'
import { repairStore, scanStore, type StoreScan } from '../durable/storeScan.js'
import type { Engine } from '../mvcc/engine.js'
import type { RecoveryProgress } from './options.js'
import { Restorer } from './restorer.js'

/** How long recovery keeps the thread before it lets others have a turn. */
const turnMs = 20

/** What was found in a store's folder when it was opened. */
export interface RecoverySummary {
  /** Entries of the checkpoint and the journal that were put into memory. */
  readonly entries: number
  readonly checkpoint: string | undefined
  readonly segments: readonly string[]
  /** Whether the store had been closed, rather than left by a crash. */
  readonly isClean: boolean
  /** What was written last, was never acknowledged, and was not wholly on disk. */
  readonly cuts: readonly Cut[]
}

export interface Recovered {
  readonly scan: StoreScan
  readonly summary: RecoverySummary
}

/**
 * Reads a store's folder into an engine that nobody else uses yet, and makes the folder ready to be written
 * to. Until the last step nothing on the disk is changed, and a crash in that step leaves a folder that is
 * recovered to the same state.
 */
export async function recover(
  disk: Disk,
  engine: Engine,
  onProgress: ((progress: RecoveryProgress) => void) | undefined,
): Promise<Recovered> {
  const restorer = new Restorer(engine)
  let phase: RecoveryProgress['phase'] = 'checkpoint'
  const steps = scanStore(disk, (frame) => {
    phase = frame.isFromCheckpoint ? 'checkpoint' : 'journal'
    const { bytes, start, end } = frame
    if (frame.kind === frameKind.table) restorer.table(decodeTable(bytes, start, end))
    else if (frame.kind === frameKind.transaction) restorer.transaction(bytes, start, end)
  })
  const turns = new Turns()
  let step = steps.next()
  for (; step.done !== true; step = steps.next()) {
    const { doneBytes, totalBytes } = step.value
    onProgress?.({ phase, bytes: doneBytes, totalBytes, entries: restorer.entries })
    await turns.next()
  }
  const scan = step.value
  for (const _ of restorer.finish()) await turns.next()
  repairStore(disk, scan)
  return { scan, summary: summaryOf(scan, restorer.entries) }
}

/** Lets others have a turn when this one has taken long. */
class Turns {
  #startedMs = performance.now()

  async next(): Promise<void> {
    if (performance.now() - this.#startedMs < turnMs) return
    await nextTurn()
    this.#startedMs = performance.now()
  }
}

function summaryOf(scan: StoreScan, entries: number): RecoverySummary {
  return {
    entries,
    checkpoint: scan.checkpoint?.name,
    segments: scan.segments.map(({ name }) => name),
    isClean: scan.isEnded && scan.cuts.length === 0,
    cuts: scan.cuts,
  }
}
