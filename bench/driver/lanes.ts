import type { Committing } from '../targets/target.js'
import { phases, type RunControl, type ThreadReport } from './control.js'

/** One of the transactions that a thread has in flight, again and again. */
export interface LaneWork {
  /** Runs one transaction; nothing when it has committed already, else a promise of that. */
  readonly runTransaction: () => Committing
  /** A hash of all that the committed transactions read and wrote. */
  readonly checksum: () => number
}

const nanosecondsPerMillisecond = 1e6

/**
 * What `runPhases` is for one transaction after the other, for targets that answer later: each lane starts
 * its next transaction when its last one has committed. Every transaction is timed; it counts when it began
 * in the timed phase, and the thread's time lasts until the last of these has committed.
 */
export async function runLanes(
  control: RunControl,
  report: ThreadReport,
  lanes: readonly LaneWork[],
): Promise<void> {
  control.awaitStart()
  await Promise.all(lanes.map((lane) => warmUp(control, lane)))
  const started = performance.now()
  await Promise.all(lanes.map((lane) => measured(control, report, lane)))
  report.seconds = (performance.now() - started) / 1000
  report.checksum = lanes.reduce((sum, lane) => (Math.imul(sum, 31) + lane.checksum()) >>> 0, 0)
}

async function warmUp(control: RunControl, { runTransaction }: LaneWork): Promise<void> {
  while (control.phase === phases.warmup) {
    const pending = runTransaction()
    if (typeof pending === 'object') await pending
  }
}

async function measured(
  control: RunControl,
  report: ThreadReport,
  { runTransaction }: LaneWork,
): Promise<void> {
  const { committed } = report
  const latency = report.latency[0]!
  let before = performance.now()
  while (control.phase === phases.timed) {
    const pending = runTransaction()
    if (typeof pending === 'object') await pending
    const now = performance.now()
    latency.record((now - before) * nanosecondsPerMillisecond)
    committed[0]! += 1
    before = now
  }
}
