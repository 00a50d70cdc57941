import { describe, expect, test } from 'vitest'
import { reportOf } from '../../bench/report/json.js'
import { thisMachine } from '../../bench/report/machine.js'
import { formatBytes, formatCount, formatMicroseconds, parseBytes } from '../../bench/report/units.js'
import { reportedRun } from '../../bench/ycsb/reported.js'
import type { RunResult } from '../../bench/ycsb/result.js'
import { headingOf, notesOf, tableHead, tableRow } from '../../bench/ycsb/screen.js'
import { smallRun } from './settings.js'

const group = {
  committed: 6_000_000,
  committedPerSecond: 1_234_567.8,
  latencySamples: 1000,
  latencyUs: { p50: 1.234, p95: 23.45, p99: 456.7, p999: 7890.1, max: 9000 },
  checksum: 0xab12,
}
const result: RunResult = {
  ...group,
  settings: { ...smallRun, threads: 2 },
  seconds: 5,
  loadSeconds: 2.5,
  bytesPerRecord: 251.4,
  aborts: { conflict: 500, owned: 0, range: 20 },
  memoryBytes: 300 * 2 ** 20,
  memoryPeakBytes: 301 * 2 ** 20,
  records: 500,
  interrupted: false,
}

describe('screen', () => {
  test('no line is wider than 80 columns, with large numbers too', () => {
    const large = { ...result, settings: { ...result.settings, records: 100_000_000 }, records: 100_000_000 }
    const lines = [
      tableHead(),
      tableRow(large, large),
      ...notesOf([{ ...large, longReaders: group }]),
      ...(['txn', 'a', 'b', 'c', 'd', 'e', 'f'] as const).flatMap((workload) => {
        const value = workload === 'txn' ? ('string' as const) : ('fields' as const)
        const heading = headingOf({
          ...smallRun,
          records: 1_000_000,
          workload,
          value,
          longReaders: 2,
          skew: 0.99,
        })
        return [heading.title, heading.details]
      }),
    ]
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  })

  test('the table has a line for each run, with the scaling against the first', () => {
    const half = { ...result, settings: { ...result.settings, threads: 1 }, committedPerSecond: 600_000 }
    expect(tableRow(half, half).trim().split(/ {2,}/)).toEqual(
      '1;600,000;1.00x;104;1.23;23.4;457;7,890;300 MiB'.split(';'),
    )
    expect(tableRow(result, half)).toContain('2.06x')
    expect(tableRow(result, half).length).toBe(tableHead().length)
  })

  test('notes name the aborts by reason, leave out what did not happen, and tell what was checked', () => {
    const text = notesOf([result]).join('\n')
    expect(text).toContain('aborts   conflict 500, range 20')
    expect(text).not.toContain('owned')
    expect(text).not.toContain('readers')
    expect(text).toContain('500 records, all present and well-formed; checksum 0000ab12')
    expect(notesOf([{ ...result, aborts: {}, interrupted: true }]).join('\n')).toMatch(
      /stopped early(?!.*aborts)/s,
    )
  })
})

test('the JSON report has the promised names', () => {
  const parsed: unknown = JSON.parse(
    reportOf(thisMachine(), [reportedRun({ ...result, longReaders: group })]),
  )
  expect(parsed).toMatchObject({
    machine: {
      cpu: expect.any(String),
      cores: expect.any(Number),
      memoryBytes: expect.any(Number),
      node: process.version,
      platform: expect.any(String),
    },
    results: [
      {
        target: 'tidemark',
        workload: 'txn',
        threads: 2,
        seconds: 5,
        committedPerSecond: 1_234_567.8,
        abortsPerSecond: 104,
        aborts: { conflict: 500, owned: 0, range: 20 },
        latencyUs: { p50: 1.234, p95: 23.45, p99: 456.7, p999: 7890.1 },
        memoryBytes: 300 * 2 ** 20,
        checksum: '0000ab12',
        options: { operationsPerTransaction: 4, skew: 0.8 },
        longReaders: { committed: 6_000_000, checksum: '0000ab12' },
      },
    ],
  })
})

describe('units', () => {
  test('counts, bytes and microseconds are short and plain', () => {
    expect([0, 999.6, 1_234_567].map(formatCount)).toEqual(['0', '1,000', '1,234,567'])
    expect([0, 512, 1536, 300 * 2 ** 20, 2.5 * 2 ** 30].map(formatBytes)).toEqual(
      '0 B;512 B;1.50 KiB;300 MiB;2.50 GiB'.split(';'),
    )
    expect([0.18, 9.999, 12.34, 1234.5].map(formatMicroseconds)).toEqual(['0.18', '10.00', '12.3', '1,235'])
  })

  test('sizes are read with and without units', () => {
    expect(['512', '64k', '512MiB', '2 GB', '1.5g', '1T'].map(parseBytes)).toEqual([
      512,
      65_536,
      2 ** 29,
      2 ** 31,
      1.5 * 2 ** 30,
      2 ** 40,
    ])
    expect(['', 'x', '-1', '5 EiB', '1e3', 'GiB'].map(parseBytes)).toEqual(Array(6).fill(undefined))
  })
})
