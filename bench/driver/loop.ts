import { phases, type RunControl, type ThreadReport } from './control.js'

/** What one thread of a run does over and over. */
export interface ThreadWork {
  /** Runs one transaction until it has committed, and answers its kind: 0 where there is one kind only. */
  readonly runTransaction: () => number
  /**
   * One transaction in so many is timed, and the phase is looked at as often: two clock reads cost about 100
   * ns, which must be little beside this many transactions, and this many must be little beside a run.
   */
  readonly transactionsPerSample: number
  /** A hash of all that the committed transactions read and wrote. */
  readonly checksum: () => number
}

const nanosecondsPerMillisecond = 1e6

/** Runs transactions until the run is stopped; counts and times those of the timed phase. */
export function runPhases(control: RunControl, report: ThreadReport, work: ThreadWork): void {
  const { runTransaction, transactionsPerSample } = work
  const { committed, latency } = report
  control.awaitStart()
  while (control.phase === phases.warmup) {
    for (let run = 0; run < transactionsPerSample; run += 1) runTransaction()
  }
  const started = performance.now()
  while (control.phase === phases.timed) {
    const before = performance.now()
    const kind = runTransaction()
    latency[kind]!.record((performance.now() - before) * nanosecondsPerMillisecond)
    committed[kind]! += 1
    for (let run = 1; run < transactionsPerSample; run += 1) committed[runTransaction()]! += 1
  }
  report.seconds = (performance.now() - started) / 1000
  report.checksum = work.checksum()
}
