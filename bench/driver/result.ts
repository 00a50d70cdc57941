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

/** Rates add up each thread's own, since the threads do not start and end at exactly the same moment. */
export function groupResult(reports: readonly ThreadReport[]): GroupResult {
  if (reports.length === 0 || reports.some((report) => report.committedTotal === 0)) {
    throw new WrongResultError('a thread committed nothing in the timed phase: run for longer (--seconds)')
  }
  return {
    ...sumOf(
      reports,
      (report) => report.committedTotal,
      ({ latency }) => latency,
    ),
    checksum: reports.reduce((sum, report) => (Math.imul(sum, 31) + report.checksum) >>> 0, 0),
  }
}

/** The same for the transactions of one kind, of which there may be none. */
export function kindResult(reports: readonly ThreadReport[], kind: number): KindResult {
  return sumOf(
    reports,
    (report) => report.committed[kind]!,
    ({ latency }) => [latency[kind]!],
  )
}

/** Live: threads may still be at work. */
export function committedOf(reports: readonly ThreadReport[]): number {
  return reports.reduce((sum, report) => sum + report.committedTotal, 0)
}

function sumOf(
  reports: readonly ThreadReport[],
  countOf: (report: ThreadReport) => number,
  latenciesOf: (report: ThreadReport) => readonly Histogram[],
): KindResult {
  const all = new Histogram()
  for (const report of reports) for (const latency of latenciesOf(report)) all.add(latency)
  return {
    committed: reports.reduce((sum, report) => sum + countOf(report), 0),
    committedPerSecond: reports.reduce((sum, report) => sum + countOf(report) / report.seconds, 0),
    latencySamples: all.total,
    latencyUs: latencyUs(all),
  }
}

export function latencyUs(latency: Histogram): LatencyUs {
  const microseconds = (share: number): number => Number((latency.quantile(share) / 1000).toFixed(2))
  return {
    p50: microseconds(0.5),
    p95: microseconds(0.95),
    p99: microseconds(0.99),
    p999: microseconds(0.999),
    max: microseconds(1),
  }
}
