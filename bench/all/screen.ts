import { formatBytes, formatCount, formatMicroseconds } from '../report/units.js'
import { type Summary, summariesOf, type Round } from './results.js'

const columns = [
  'threads',
  'theta',
  'target',
  'per s',
  'in syncs',
  'spread',
  'vs tidemark',
  'p50 us',
  'p99',
  'in syncs',
  'aborts/s',
  'memory',
] // prettier-ignore

/** A workload's cells, the fastest of each number of threads and theta first. */
export function tableOf(rounds: readonly Round[]): string {
  const summaries = summariesOf(rounds).toSorted(
    (a, b) => a.threads - b.threads || (a.theta ?? 0) - (b.theta ?? 0) || b.rate - a.rate,
  )
  const rows = [columns, ...summaries.map((summary) => cellsOf(summary, summaries))]
  const used = columns.map((_, column) => rows.some((row, index) => index > 0 && row[column] !== ''))
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          columns[column] === 'target' ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
        )
        .filter((_, column) => used[column])
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cellsOf(summary: Summary, all: readonly Summary[]): string[] {
  const { target, threads, theta, rate, least, most, rounds } = summary
  const own = all.find(
    (each) => each.target.startsWith('tidemark') && each.threads === threads && each.theta === theta,
  )
  return [
    String(threads),
    theta === undefined ? '' : String(theta),
    target,
    formatCount(rate),
    formatMultiple(summary.rateInSyncs),
    rounds === 1 ? '' : `±${(((most - least) / 2 / rate) * 100).toFixed(0)} %`,
    own === undefined || own === summary ? '' : `${(rate / own.rate).toFixed(2)}x`,
    formatMicroseconds(summary.p50Us),
    formatMicroseconds(summary.p99Us),
    formatMultiple(summary.p99InSyncs),
    formatCount(summary.abortsPerSecond),
    formatBytes(summary.memoryBytes),
  ]
}

function formatMultiple(multiple: number | undefined): string {
  return multiple === undefined ? '' : `${multiple.toFixed(multiple < 10 ? 1 : 0)}x`
}
