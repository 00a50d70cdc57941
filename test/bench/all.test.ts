import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { markers, tablesOf, withTables } from '../../bench/all/markdown.js'
import { readOptions } from '../../bench/all/options.js'
import { type ComparisonResults, medianOf, type Round, summariesOf } from '../../bench/all/results.js'
import { tableOf } from '../../bench/all/screen.js'
import { cellsOf, type Sizes, workloads } from '../../bench/all/workloads.js'
import { targetNamed, targets } from '../../bench/targets/registry.js'
import { initialBalance } from '../../bench/ycsb/values.js'
import { bankTransactions } from '../../bench/ycsb/bank.js'
import { verify } from '../../bench/ycsb/verify.js'
import { loadedMap, smallRun } from './settings.js'

const sizes: Sizes = {
  records: 500,
  seconds: 0.1,
  warmup: 0,
  seed: 1,
  threads: [1, 2],
  value: 'string',
}

const round: Round = {
  workload: 'ycsb-a',
  target: 'tidemark',
  threads: 1,
  round: 1,
  seconds: 1,
  committed: 10,
  committedPerSecond: 10,
  latencySamples: 1,
  latencyUs: { p50: 1, p95: 2, p99: 3, p999: 4, max: 5 },
  abortsPerSecond: 0,
  aborts: {},
  memoryBytes: 1024,
  checksum: '00000001',
}

const rates = (target: string, ...all: readonly number[]): Round[] =>
  all.map((committedPerSecond) => ({ ...round, target, committedPerSecond }))

describe('workloads', () => {
  test('every target has some, and every workload says why it is not for a target', () => {
    for (const target of targets) {
      const fit = workloads.filter(({ unfit }) => unfit(target) === undefined)
      expect(fit.length).toBeGreaterThan(0)
    }
    for (const { unfit } of workloads) {
      for (const target of targets) expect(unfit(target) ?? 'it is for it').toMatch(/\w+ \w+/)
    }
  })

  test('a target that works on one thread only is not asked for two', () => {
    const [workload] = workloads
    const cells = cellsOf(workload!, [targetNamed('tidemark'), targetNamed('map')], sizes)
    expect(cells.map(({ target, settings }) => [target.name, settings.threads])).toEqual([
      ['tidemark', 1],
      ['map', 1],
      ['tidemark', 2],
    ])
  })

  test('a sweep has all its thetas on each target, on the most threads', () => {
    const contention = workloads.find(({ name }) => name === 'contention')!
    const cells = cellsOf(contention, [targetNamed('tidemark')], sizes)
    expect(cells.map(({ theta }) => theta)).toEqual([0, 0.5, 0.8, 0.9, 0.99])
    expect(cells.every(({ settings, theta }) => settings.skew === theta && settings.threads === 2)).toBe(true)
  })

  test('durable commits of 64 writers have 64 in flight, others what suits the target', () => {
    const durable = workloads.find(({ name }) => name === 'durable-64')!
    expect(cellsOf(durable, [targetNamed('redis-aof')], sizes)[0]?.settings.inFlight).toBe(64)
    expect(cellsOf(workloads[0]!, [targetNamed('redis')], sizes)[0]?.settings.inFlight).toBe(32)
  })
})

describe('results', () => {
  test('medians, and what lies around them', () => {
    expect([medianOf([3, 1, 2]), medianOf([4, 1, 2, 3])]).toEqual([2, 2.5])
    const [summary] = summariesOf(rates('tidemark', 30, 10, 20))
    expect(summary).toMatchObject({ rounds: 3, rate: 20, least: 10, most: 30 })
  })

  test('the table compares with tidemark, and leaves out columns that say nothing', () => {
    const text = tableOf([...rates('tidemark', 100, 110, 90), ...rates('lmdb', 50, 50, 50)])
    expect(text.split('\n').map((line) => line.split(/ {2,}/).slice(1, 5))).toEqual([
      ['target', 'per s', 'spread', 'vs tidemark'],
      ['1', 'tidemark', '100', '±10 %'],
      ['1', 'lmdb', '50', '±0 %'],
    ])
    expect(text).toContain('0.50x')
    expect(text).not.toContain('theta')
    expect(text).not.toContain('in syncs')
  })

  test('where commits wait for the disk, rates and p99 are multiples of what a sync does and takes', () => {
    const latencyUs = { ...round.latencyUs, p99: 900 }
    const rounds = rates('tidemark-sync', 40_000, 42_000, 50_000).map((each, i) => ({
      ...each,
      latencyUs,
      syncsPerSecond: [4000, 2000, 5000][i]!,
    }))
    const [summary] = summariesOf(rounds)
    expect(summary).toMatchObject({ rateInSyncs: 10, p99InSyncs: 3.6 })
    const [head, row] = tableOf(rounds)
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/))
    expect(head?.filter((column) => column === 'in syncs').length).toBe(2)
    expect(row).toContain('3.6x')
    expect(row).toContain('10x')
  })
})

describe('options', () => {
  test('small is small, and what is given wins', () => {
    const { sizes: small, rounds } = readOptions(['--size', 'small', '--records', '1000'])
    expect([small.records, small.seconds, rounds]).toEqual([1000, 0.1, 1])
    expect(readOptions([]).targets).toEqual(targets)
  })

  test.each([
    [['--targets', 'tidemark,mongo'], /--targets has no 'mongo': choose from tidemark, /],
    [['--workloads', 'ycsb-z'], /--workloads has no 'ycsb-z'/],
    [['--size', 'huge'], /--size must be full or small/],
  ])('%j is refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})

describe('the bank', () => {
  const settings = { ...smallRun, workload: 'bank', value: 'balance', records: 50 } as const

  test('moves money and keeps the total', async () => {
    const { session, context } = await loadedMap(settings)
    const run = bankTransactions(context)
    for (let times = 0; times < 2000; times += 1) void run()
    expect(new Set(session.records.values()).size).toBeGreaterThan(1)
    expect(session.calls.values).toBeGreaterThan(0)
    await expect(verify(context, 50)).resolves.toBeUndefined()
  })

  test('an audit finds money that is lost, and so does the check at the end', async () => {
    const { session, context } = await loadedMap(settings)
    session.records.set(7, initialBalance - 1)
    const run = bankTransactions(context)
    const audits = (): void => {
      for (let times = 0; times < 2000; times += 1) void run()
    }
    expect(audits).toThrow(/an audit found 4999 in 50 accounts, not 5000 in 50/)
    await expect(verify(context, 50)).rejects.toThrow('the accounts hold 4999 in all, not 5000')
  })
})

describe('tables for the README', () => {
  const results: ComparisonResults = {
    machine: { cpu: 'a CPU', cores: 2, memoryBytes: 2 ** 34, node: 'v20.0.0', platform: 'linux-x64' },
    settings: { ...sizes, rounds: 3 },
    disk: { syncsPerSecond: 4000 },
    workloads: [{ name: 'ycsb-a', title: 'A' }],
    targets: ['tidemark', 'lmdb', 'redis'].map((name) => ({ ...targetNamed(name).traits, name })),
    results: [...rates('tidemark', 1000, 3000, 2000), ...rates('lmdb', 900)],
    unfit: [],
    failures: [],
    interrupted: false,
  }

  test('stand between the markers, and nothing else changes', () => {
    const text = withTables(`before\n${markers.begin}\nold\n${markers.end}\nafter\n`, results)
    expect(text).toContain('| 1 thread | tidemark | lmdb |\n|---|---:|---:|\n| ycsb-a | 2,000 | 900 |')
    expect(text.startsWith(`before\n${markers.begin}\n`)).toBe(true)
    expect(text.endsWith(`4,000 appends of 4 KiB a second.\n${markers.end}\nafter\n`)).toBe(true)
    expect(text).not.toContain('old')
    expect(withTables(text, results)).toBe(text)
  })

  test('are apart for workloads that have no target in common', () => {
    const durable = rates('lmdb-sync', 70).map((each) => ({ ...each, workload: 'durable-1' }))
    const both = {
      ...results,
      workloads: [...results.workloads, { name: 'durable-1', title: 'D' }],
      targets: [...results.targets, { ...targetNamed('lmdb-sync').traits, name: 'lmdb-sync' }],
      results: [...durable, ...results.results],
    }
    const tables = tablesOf(both)
    expect(tables).toContain('| 1 thread | tidemark | lmdb |\n|---|---:|---:|\n| ycsb-a | 2,000 | 900 |\n\n')
    expect(tables).toContain('| 1 thread | lmdb-sync |\n|---|---:|\n| durable-1 | 70 |\n\n')
  })

  test('are refused for a text without markers, and for half a comparison', () => {
    expect(() => withTables('text', results)).toThrow(/needs a line <!-- bench all -->/)
    expect(() => tablesOf({ ...results, interrupted: true })).toThrow('interrupted')
    expect(() => tablesOf({ ...results, results: [] })).toThrow('measured nothing')
  })

  test('have their place in the README', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
    expect(withTables(readme, results)).toContain('| ycsb-a | 2,000 | 900 |')
  })
})
