import { Histogram } from './histogram.js'
import type { ThreadReport } from './control.js'
import { WrongResultError } from './errors.js'

export interface LatencyUs {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** How many transactions of some kind there were, and how long they took. */
export interface KindResult {
  readonly committed: number
  readonly committedPerSecond: number
  readonly latencySamples: number
  readonly latencyUs: LatencyUs
}

/** What the threads of one role did in the timed phase. */
export interface GroupResult extends KindResult {
  readonly checksum: number
}

/** What the threads did of some kinds of transactions; of all, unless they are named. */
export function groupResult(
  reports: readonly ThreadReport[],
  kinds: readonly number[] = everyKind(reports),
): GroupResult {
  if (reports.some((report) => countOf(report, kinds) === 0)) {
    throw new WrongResultError('a thread committed nothing in the timed phase: run for longer (--seconds)')
  }
  return {
    ...kindResult(reports, kinds),
    checksum: reports.reduce((sum, report) => (Math.imul(sum, 31) + report.checksum) >>> 0, 0),
  }
}

/** Live: threads may still be at work. */
export function committedOf(reports: readonly ThreadReport[]): number {
  return reports.reduce((sum, report) => sum + report.committedTotal, 0)
}

/** The same for kinds of which there may have been none. */
export function kindResult(reports: readonly ThreadReport[], kinds: readonly number[]): KindResult {
  const all = new Histogram()
  for (const { latency } of reports) for (const kind of kinds) all.add(latency[kind]!)
  return {
    committed: reports.reduce((sum, report) => sum + countOf(report, kinds), 0),
    // The threads do not start and end at exactly the same moment.
    committedPerSecond: reports.reduce((sum, report) => sum + countOf(report, kinds) / report.seconds, 0),
    latencySamples: all.total,
    latencyUs: latencyUs(all),
  }
}

function everyKind([report]: readonly ThreadReport[]): readonly number[] {
  return report === undefined ? [] : [...report.committed.keys()]
}

function countOf({ committed }: ThreadReport, kinds: readonly number[]): number {
  return kinds.reduce((sum, kind) => sum + committed[kind]!, 0)
}

function latencyUs(latency: Histogram): LatencyUs {
  const microseconds = (share: number): number => Number((latency.quantile(share) / 1000).toFixed(2))
  return {
    p50: microseconds(0.5),
    p95: microseconds(0.95),
    p99: microseconds(0.99),
    p999: microseconds(0.999),
    max: microseconds(1),
  }
}
