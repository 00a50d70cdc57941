import { setTimeout as sleep } from 'node:timers/promises'
import type { Counters } from '../targets/target.js'
import { phases, RunControl, type ThreadReport } from './control.js'
import { Crew } from './crew.js'

/** What the threads of a run are, how long they run, and what the main thread can see meanwhile. */
export interface Measurement {
  /** The worker threads' script; each posts one message when it is ready for the start. */
  readonly script: URL
  /** What each thread is started with, besides the shared block of the run. */
  readonly tasks: readonly object[]
  /** How many kinds of transactions are told apart. Default: 1. */
  readonly kinds?: number
  readonly warmup: number
  readonly seconds: number
  readonly counters: () => Counters
  readonly onWarmup: () => void
  readonly onTick: (seconds: number, reports: readonly ThreadReport[]) => void
}

export interface TimedPhase {
  readonly seconds: number
  readonly aborts: Readonly<Record<string, number>>
  readonly memoryBytes: number
  readonly memoryPeakBytes: number
}

export interface Measured {
  readonly timed: TimedPhase
  /** One for each task. */
  readonly reports: readonly ThreadReport[]
}

const tickMilliseconds = 250

/**
 * A thread that has not committed anything by the end of a short timed phase is given this much longer, in
 * steps: on a busy machine that says nothing about the target. Rates are by each thread's own time.
 */
const extraSecondsMax = 10
const extraMilliseconds = 10

/**
 * Starts the threads, sends them through warm-up and the timed phase, and waits for their end. An abort of
 * `interrupt` ends the run early but in order; there is no result when it comes before the timed phase.
 */
export async function measure(
  measurement: Measurement,
  interrupt: AbortSignal,
): Promise<Measured | undefined> {
  const { script, tasks, kinds } = measurement
  const control = RunControl.forThreads(tasks.length, kinds)
  const crew = new Crew(
    control,
    script,
    tasks.map((task) => ({ ...task, control: control.buffer })),
  )
  const reports = tasks.map((_, thread) => control.report(thread))
  let timed: TimedPhase | undefined
  try {
    await crew.ready()
    measurement.onWarmup()
    timed = await timedPhase(crew, measurement, reports, interrupt)
  } finally {
    await crew.stop()
  }
  return timed && { timed, reports }
}

/** Sends the threads through warm-up and the timed phase, and reads the counters at both its ends. */
async function timedPhase(
  crew: Crew,
  measurement: Measurement,
  reports: readonly ThreadReport[],
  interrupt: AbortSignal,
): Promise<TimedPhase | undefined> {
  const ends = AbortSignal.any([interrupt, crew.failed])
  crew.enter(phases.warmup)
  await pause(measurement.warmup * 1000, ends)
  if (ends.aborted) return undefined
  const before = measurement.counters()
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  crew.enter(phases.timed)
  let memoryPeakBytes = before.memoryBytes
  const isOver = (): boolean =>
    seconds() >= measurement.seconds &&
    (seconds() >= measurement.seconds + extraSecondsMax ||
      reports.every((report) => report.committedTotal > 0))
  while (!isOver() && !ends.aborted) {
    const left = (measurement.seconds - seconds()) * 1000
    await pause(left > 0 ? Math.min(tickMilliseconds, left) : extraMilliseconds, ends)
    memoryPeakBytes = Math.max(memoryPeakBytes, measurement.counters().memoryBytes)
    measurement.onTick(seconds(), reports)
  }
  const after = measurement.counters()
  return {
    seconds: seconds(),
    aborts: abortsBetween(before, after),
    memoryBytes: after.memoryBytes,
    memoryPeakBytes,
  }
}

/** Sleeps, or less when the signal aborts. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}

function abortsBetween(before: Counters, after: Counters): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after.aborts).map(([reason, count]) => [reason, count - (before.aborts[reason] ?? 0)]),
  )
}
