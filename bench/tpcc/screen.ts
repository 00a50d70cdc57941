import { hexOf } from '../report/json.js'
import { type Column, headLine, tableLine } from '../report/table.js'
import { formatBytes, formatCount, formatMicroseconds } from '../report/units.js'
import { type TransactionKind, transactionKinds } from './kinds.js'
import { conflictsOf, type RunResult } from './result.js'
import type { RunSettings } from './settings.js'

/** What the runs are, in two lines. */
export function headingOf({ mix, scale, seconds, path, durability }: RunSettings): {
  title: string
  details: string
} {
  const size = scale === 1 ? 'full population' : `population scaled to ${scale}`
  const place =
    path === undefined ? 'in memory' : `on disk${durability === undefined ? '' : `, ${durability}`}`
  return { title: `TPC-C: mix ${mix.join(',')}`, details: `${size}, no think times, ${place}, ${seconds} s` }
}

const columns: readonly Column[] = [
  { title: 'threads', width: 7 },
  { title: 'warehouses', width: 10 },
  { title: 'txn/s', width: 8 },
  { title: 'scaling', width: 7 },
  { title: 'new orders/min', width: 14 },
  { title: 'aborts/s', width: 8 },
  { title: 'memory', width: 8 },
]

export function tableHead(): string {
  return headLine(columns)
}

/** The line of one run; `first` is the first run, which the scaling is measured against. */
export function tableRow(result: RunResult, first: RunResult): string {
  const { settings, committedPerSecond, newOrdersPerMinute, seconds, memoryBytes } = result
  return tableLine(columns, [
    String(settings.threads),
    String(settings.warehouses),
    formatCount(committedPerSecond),
    `${(committedPerSecond / first.committedPerSecond).toFixed(2)}x`,
    formatCount(newOrdersPerMinute),
    formatCount(conflictsOf(result) / seconds),
    formatBytes(memoryBytes),
  ])
}

const titles: Readonly<Record<TransactionKind, string>> = {
  newOrder: 'new order',
  payment: 'payment',
  orderStatus: 'order status',
  delivery: 'delivery',
  stockLevel: 'stock level',
}
const kindColumns: readonly Column[] = [
  { title: '            ', width: 12 },
  { title: 'share', width: 7 },
  { title: 'txn/s', width: 8 },
  { title: 'p50 us', width: 7 },
  { title: 'p95', width: 7 },
  { title: 'p99', width: 7 },
  { title: 'p99.9', width: 7 },
]

/** What the table has no room for. */
export function notesOf(results: readonly RunResult[]): string[] {
  return results.flatMap(noteOf)
}

function noteOf(result: RunResult): string[] {
  const { settings, transactions, committed, deliveries, rolledBack } = result
  const aborts = Object.entries(result.aborts)
    .filter(([reason, count]) => count > 0 && reason !== 'user')
    .map(([reason, count]) => `${reason} ${formatCount(count)}`)
  const kindLines = transactionKinds.map((kind) => {
    const { committed: count, committedPerSecond, latencyUs } = transactions[kind]
    return tableLine(kindColumns, [
      titles[kind],
      `${((count / committed) * 100).toFixed(2)} %`,
      formatCount(committedPerSecond),
      ...[latencyUs.p50, latencyUs.p95, latencyUs.p99, latencyUs.p999].map(formatMicroseconds),
    ])
  })
  const loaded = `${result.loadSeconds.toFixed(2)} s, ${formatBytes(result.loadedBytes)}`
  const skipped = `${formatCount(deliveries.skippedDistricts)} districts had none`
  return [
    `${settings.threads} thread${settings.threads === 1 ? '' : 's'}${result.interrupted ? ' (stopped early)' : ''}`,
    headLine(kindColumns),
    ...kindLines,
    `  load        ${loaded}`,
    ...(aborts.length > 0 ? [`  aborts      ${aborts.join(', ')}`] : []),
    `  rolled back ${formatCount(rolledBack)} new orders of an unused item`,
    `  delivered   ${formatCount(deliveries.deliveredOrders)} orders; ${skipped}`,
    `  queued      ${formatMicroseconds(deliveries.queuedMsMax * 1000)} us at most until a delivery was done`,
    `  checked     conditions 1 to 12 hold; ${result.checkSeconds.toFixed(2)} s; checksum ${hexOf(result.checksum)}`,
  ]
}
