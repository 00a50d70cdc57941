import { setTimeout as sleep } from 'node:timers/promises'
import { phases, RunControl, type ThreadReport } from '../driver/control.js'
import { Crew } from '../driver/crew.js'
import { Histogram } from '../driver/histogram.js'
import { Random } from '../generators/random.js'
import { targetNamed } from '../targets/registry.js'
import type { Counters, Database, ValueKind } from '../targets/target.js'
import { InsertSequence } from './inserts.js'
import { load } from './load.js'
import type { GroupResult, RunResult } from './result.js'
import type { RunSettings } from './settings.js'
import { type ThreadContext, threadContext, WrongResultError } from './thread.js'
import { verify } from './verify.js'
import type { Role } from './work.js'
import type { WorkerTask } from './worker.js'

/** Is told what a run is doing. */
export interface RunObserver {
  loading(loaded: number): void
  warmingUp(): void
  timing(seconds: number, committed: number): void
  verifying(): void
}

const tickMilliseconds = 250

/**
 * Loads a database, lets the threads work on it, and checks it. An abort of `interrupt` ends the run early
 * but in order; there is no result when it comes before the timed phase.
 */
export async function runOnce<K extends ValueKind>(
  settings: RunSettings & { readonly value: K },
  observer: RunObserver,
  interrupt: AbortSignal,
): Promise<RunResult | undefined> {
  const database = await targetNamed(settings.target).open(settings)
  try {
    const session = database.session<K>(settings.value)
    const inserts = InsertSequence.create(settings.records, settings.threads + settings.longReaders)
    const context = threadContext<K>({ session, settings, random: new Random(settings.seed), inserts })
    const loaded = await timedLoad(context, database, observer, interrupt)
    if (interrupt.aborted) return undefined
    const measured = await measure(context, database, observer, interrupt)
    if (measured === undefined) return undefined
    observer.verifying()
    const records = inserts.acknowledged()
    verify(context, records)
    return { settings, ...loaded, ...measured, records, interrupted: interrupt.aborted }
  } finally {
    await database.close()
  }
}

type Loaded = Pick<RunResult, 'loadSeconds' | 'bytesPerRecord'>

async function timedLoad<V>(
  context: ThreadContext<V>,
  database: Database,
  observer: RunObserver,
  interrupt: AbortSignal,
): Promise<Loaded> {
  const emptyBytes = database.counters().memoryBytes
  const started = performance.now()
  await load(context, (count) => observer.loading(count), interrupt)
  const loadSeconds = (performance.now() - started) / 1000
  const bytesPerRecord = (database.counters().memoryBytes - emptyBytes) / context.settings.records
  return { loadSeconds, bytesPerRecord }
}

type Measured = Omit<RunResult, 'settings' | 'records' | 'interrupted' | keyof Loaded>

async function measure<V>(
  { settings, inserts }: ThreadContext<V>,
  database: Database,
  observer: RunObserver,
  interrupt: AbortSignal,
): Promise<Measured | undefined> {
  const roles: Role[] = [
    ...Array<Role>(settings.threads).fill('worker'),
    ...Array<Role>(settings.longReaders).fill('longReader'),
  ]
  const control = RunControl.forThreads(roles.length)
  const shared = { settings, handle: database.handle, control: control.buffer, inserts: inserts.buffer }
  const tasks = roles.map((role, thread): WorkerTask => ({ ...shared, thread, role }))
  const crew = new Crew(control, new URL('./worker.js', import.meta.url), tasks)
  const reports = roles.map((_, thread) => control.report(thread))
  const workers = reports.slice(0, settings.threads)
  const timing = (seconds: number): void => observer.timing(seconds, sumOf(workers))
  let timed: TimedPhase | undefined
  try {
    await crew.ready()
    observer.warmingUp()
    timed = await timedPhase(crew, database, settings, { interrupt, timing })
  } finally {
    await crew.stop()
  }
  if (timed === undefined) return undefined
  const longReaders = reports.slice(settings.threads)
  return {
    ...timed,
    ...groupResult(workers),
    ...(longReaders.length > 0 && { longReaders: groupResult(longReaders) }),
  }
}

type TimedPhase = Pick<RunResult, 'seconds' | 'aborts' | 'memoryBytes' | 'memoryPeakBytes'>

interface Watch {
  readonly interrupt: AbortSignal
  readonly timing: (seconds: number) => void
}

/** Sends the threads through warm-up and the timed phase, and reads the counters at both its ends. */
async function timedPhase(
  crew: Crew,
  database: Database,
  settings: RunSettings,
  { interrupt, timing }: Watch,
): Promise<TimedPhase | undefined> {
  const ends = AbortSignal.any([interrupt, crew.failed])
  crew.enter(phases.warmup)
  await pause(settings.warmup * 1000, ends)
  if (ends.aborted) return undefined
  const before = database.counters()
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  crew.enter(phases.timed)
  let memoryPeakBytes = before.memoryBytes
  while (seconds() < settings.seconds && !ends.aborted) {
    await pause(Math.min(tickMilliseconds, (settings.seconds - seconds()) * 1000), ends)
    memoryPeakBytes = Math.max(memoryPeakBytes, database.counters().memoryBytes)
    timing(seconds())
  }
  const after = database.counters()
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

function sumOf(reports: readonly ThreadReport[]): number {
  return reports.reduce((sum, report) => sum + report.committed, 0)
}

/** Rates add up each thread's own, since the threads do not start and end at exactly the same moment. */
function groupResult(reports: readonly ThreadReport[]): GroupResult {
  const committed = sumOf(reports)
  if (committed === 0 || reports.some((report) => report.committed === 0)) {
    throw new WrongResultError('a thread committed nothing in the timed phase: run for longer (--seconds)')
  }
  const latency = new Histogram()
  for (const report of reports) latency.add(report.latency)
  const microseconds = (share: number): number => Number((latency.quantile(share) / 1000).toFixed(2))
  return {
    committed,
    committedPerSecond: reports.reduce((sum, report) => sum + report.committed / report.seconds, 0),
    latencySamples: latency.total,
    latencyUs: {
      p50: microseconds(0.5),
      p95: microseconds(0.95),
      p99: microseconds(0.99),
      p999: microseconds(0.999),
      max: microseconds(1),
    },
    checksum: reports.reduce((sum, report) => (Math.imul(sum, 31) + report.checksum) >>> 0, 0),
  }
}

function abortsBetween(before: Counters, after: Counters): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after.aborts).map(([reason, count]) => [reason, count - (before.aborts[reason] ?? 0)]),
  )
}
