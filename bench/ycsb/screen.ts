import type { WrittenHistory } from 'tidemark/history'
import { hexOf } from '../report/json.js'
import { type Column, headLine, tableLine } from '../report/table.js'
import { formatBytes, formatCount, formatMicroseconds } from '../report/units.js'
import { mixes } from './mixes.js'
import type { GroupResult } from '../driver/result.js'
import type { RunResult } from './result.js'
import type { RunSettings } from './settings.js'
import { longReaderKeys } from './transactional.js'
import { valueForms } from './values.js'

/** What the runs of a group are, in two lines. */
export function headingOf(settings: RunSettings): { title: string; details: string } {
  const { records, value, keys, skew, seconds } = settings
  const distribution = skew === 'uniform' ? 'uniform' : `zipfian ${skew}`
  const details = [
    `${formatCount(records)} records of ${valueForms[value].description}`,
    `${keys} keys`,
    distribution,
    `${seconds} s`,
  ]
  return {
    title: titleOf(settings),
    details: details.join(', '),
  }
}

function titleOf(settings: RunSettings): string {
  const { workload } = settings
  if (workload === 'txn') return transactionalTitle(settings)
  if (workload === 'bank') return 'Bank: transfers, and audits of all accounts'
  return `YCSB ${workload.toUpperCase()}: ${mixes[workload].title}`
}

function transactionalTitle({ operationsPerTransaction, readRatio, longReaders }: RunSettings): string {
  const operations = operationsPerTransaction === 1 ? '1 operation' : `${operationsPerTransaction} operations`
  const work = readRatio === 'scan' ? '100 consecutive reads' : `${operations}, ${readRatio} % reads`
  const beside = longReaders === 0 ? '' : `, beside ${longReaders} long reader${longReaders === 1 ? '' : 's'}`
  return `YCSB transactions: ${work}${beside}`
}

const columns: readonly Column[] = [
  { title: 'threads', width: 7 },
  { title: 'txn/s', width: 9 },
  { title: 'scaling', width: 7 },
  { title: 'aborts/s', width: 8 },
  { title: 'p50 us', width: 6 },
  { title: 'p95', width: 6 },
  { title: 'p99', width: 6 },
  { title: 'p99.9', width: 6 },
  { title: 'memory', width: 8 },
]

export function tableHead(): string {
  return headLine(columns)
}

/** The line of one run; `first` is the group's first, which the scaling is measured against. */
export function tableRow(result: RunResult, first: RunResult): string {
  const { settings, committedPerSecond, latencyUs, aborts, seconds, memoryBytes } = result
  const abortsPerSecond = Object.values(aborts).reduce((sum, count) => sum + count, 0) / seconds
  return tableLine(columns, [
    String(settings.threads),
    formatCount(committedPerSecond),
    `${(committedPerSecond / first.committedPerSecond).toFixed(2)}x`,
    formatCount(abortsPerSecond),
    formatMicroseconds(latencyUs.p50),
    formatMicroseconds(latencyUs.p95),
    formatMicroseconds(latencyUs.p99),
    formatMicroseconds(latencyUs.p999),
    formatBytes(memoryBytes),
  ])
}

/** What the table has no room for. */
export function notesOf(results: readonly RunResult[]): string[] {
  return results.flatMap(noteOf)
}

function noteOf(result: RunResult): string[] {
  const { settings, loadSeconds, bytesPerRecord, longReaders } = result
  const loaded = `${loadSeconds.toFixed(2)} s, ${formatCount(settings.records / loadSeconds)} records/s`
  const aborts = Object.entries(result.aborts)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${reason} ${formatCount(count)}`)
  const lines = [
    `${settings.threads} thread${settings.threads === 1 ? '' : 's'}${result.interrupted ? ' (stopped early)' : ''}`,
    `  load     ${loaded}, ${formatCount(bytesPerRecord)} bytes of memory per record`,
  ]
  if (aborts.length > 0) lines.push(`  aborts   ${aborts.join(', ')}`)
  if (longReaders !== undefined) lines.push(longReaderLine(longReaders))
  if (result.history !== undefined) lines.push(historyLine(result.history))
  lines.push(
    `  checked  ${formatCount(result.records)} records, all present and well-formed; checksum ${hexOf(result.checksum)}`,
  )
  return lines
}

function historyLine({ path, operations, unfinished }: WrittenHistory): string {
  const open = unfinished === 0 ? '' : `, ${unfinished} calls without an end`
  return `  history  ${formatCount(operations)} operations in ${path}${open}; updates write unique versions`
}

function longReaderLine({ committedPerSecond, latencyUs }: GroupResult): string {
  const reads = formatCount(committedPerSecond * longReaderKeys)
  const milliseconds = (latencyUs.p50 / 1000).toFixed(2)
  return `  readers  ${committedPerSecond.toFixed(1)} txn/s, ${reads} reads/s, p50 ${milliseconds} ms`
}
