import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { optionNames } from '../../bench/ycsb/definitions.js'
import { interrupted, tidemark } from './command.js'

const small = ['--records', '1000', '--seconds', '0.2', '--warmup', '0.05']
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

interface Report {
  readonly machine: Record<string, unknown>
  readonly results: readonly Readonly<Record<string, unknown>>[]
}

async function reportAt(path: string): Promise<Report> {
  return JSON.parse(await readFile(path, 'utf8')) as Report
}

/** Runs a small benchmark that must succeed and returns its JSON results. */
async function results(name: string, ...args: string[]): Promise<Report['results']> {
  const path = join(folder, `${name}.json`)
  const { code, stderr, stdout } = await tidemark('bench', 'ycsb', ...small, '--json', path, ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).not.toContain('\x1b')
  return (await reportAt(path)).results
}

const measured = {
  target: 'tidemark',
  seconds: expect.any(Number) as unknown,
  committedPerSecond: expect.any(Number) as unknown,
  abortsPerSecond: expect.any(Number) as unknown,
  aborts: expect.any(Object) as unknown,
  memoryBytes: expect.any(Number) as unknown,
  checksum: expect.stringMatching(/^[0-9a-f]{8}$/) as unknown,
}

function expectMeasured(result: Readonly<Record<string, unknown>> = {}): void {
  expect(result).toMatchObject(measured)
  expect(result['committed']).toBeGreaterThan(0)
  expect(result['memoryBytes']).toBeGreaterThan(0)
  const { p50, p95, p99, p999 } = result['latencyUs'] as Record<string, number>
  expect(p50).toBeGreaterThan(0)
  expect([p50, p95, p99, p999]).toEqual([p50, p95, p99, p999].toSorted((a, b) => a! - b!))
}

describe('tidemark bench ycsb runs', () => {
  test.each(['a', 'b', 'c', 'd', 'e', 'f'])(
    'workload %s on two threads, with fields and strings',
    async (workload) => {
      for (const value of ['fields', 'string']) {
        const [result] = await results(workload, '--workload', workload, '--threads', '2', '--value', value)
        expectMeasured(result)
        expect(result).toMatchObject({ workload, threads: 2, options: { value, keys: 'string' } })
      }
    },
  )

  test.each([
    ['reads', ['--read-ratio', '100']],
    ['writes', ['--read-ratio', '0', '--ops-per-txn', '1', '--theta', 'uniform']],
    ['a mix', ['--read-ratio', '50', '--theta', '0.95']],
    ['scans', ['--read-ratio', 'scan']],
    ['reads in snapshots', ['--api', 'snapshot', '--keys', 'string']],
  ])('transactions of %s on two threads', async (name, args) => {
    const [result] = await results(name, '--threads', '2', ...args)
    expectMeasured(result)
    expect(result).toMatchObject({ workload: 'txn', threads: 2 })
  })

  test('writers beside a long reader, reported apart', async () => {
    // Of hot keys, a reader that is held up for a moment passes thousands of newer versions at every read.
    const [result] = await results('long', '--read-ratio', '0', '--long-readers', '1', '--theta', 'uniform')
    expectMeasured(result)
    const longReaders = result?.['longReaders'] as Record<string, unknown>
    expect(longReaders['committed']).toBeGreaterThan(0)
  })

  test('several workloads and numbers of threads in turn, and tells the machine', async () => {
    const all = await results('several', '--workload', 'c,txn', '--threads', '1,2')
    expect(all.map(({ workload, threads }) => [workload, threads])).toEqual([
      ['c', 1],
      ['c', 2],
      ['txn', 1],
      ['txn', 2],
    ])
    const { machine } = await reportAt(join(folder, 'several.json'))
    expect(Object.keys(machine)).toEqual(['cpu', 'cores', 'memoryBytes', 'node', 'platform'])
  })

  test('recorded: every transaction of the threads is in the history', async () => {
    const path = join(folder, 'a.jsonl')
    const [result] = await results('recorded', '--workload', 'a', '--threads', '2', '--history', path)
    const { history, committed } = result as { history: { operations: number }; committed: number }
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(history.operations)
    expect(lines.length).toBeGreaterThanOrEqual(2 * committed)
    const written = lines
      .map((line) => JSON.parse(line) as { type: string; value: [string, string, number | null][] })
      .filter(({ type }) => type === 'ok')
      .flatMap(({ value }) => value.filter(([f]) => f === 'w').map(([, , version]) => version))
    expect(new Set(written).size).toBe(written.length)
  })

  test('until it is interrupted, and still writes what it measured', async () => {
    const path = join(folder, 'interrupted.json')
    const args = ['bench', 'ycsb', '--records', '1000', '--seconds', '60', '--warmup', '0', '--json', path]
    const { code, stdout } = await interrupted([...args, '--threads', '1,2'], /txn\/s/, 1500)
    expect(code).toBe(130)
    expect(stdout).toContain('stopped early')
    const { results: written } = await reportAt(path)
    expect(written.length).toBe(1)
    expect(written[0]).toMatchObject({ ...measured, interrupted: true })
  })
})

describe('tidemark bench ycsb refuses', () => {
  test.each([
    [['--threads', '0'], "--threads must be a whole number from 1 to 256, not '0'"],
    [['--workload', 'g'], '--workload must be txn, a, b, c, d, e, f or a list of these'],
    [['--fast'], 'unknown option --fast'],
    [['--workload', 'a,b', '--history', 'h.edn'], '--history records one run: give one workload'],
    [['--workload', 'e', '--history', 'h.edn'], '--history has no place for range reads'],
    [['a'], "unexpected argument 'a'"],
  ])('%j as a usage error', async (args, message) => {
    const { code, stdout, stderr } = await tidemark('bench', 'ycsb', ...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`tidemark bench ycsb: ${message}`)
    expect(stderr).toContain('See tidemark bench ycsb --help.')
  })

  test('a report where none can be written, before it runs anything', async () => {
    for (const path of [join(folder, 'nowhere', 'out.json'), folder]) {
      const { code, stdout, stderr } = await tidemark('bench', 'ycsb', '--json', path)
      expect([code, stdout]).toEqual([3, ''])
      expect(stderr).toContain(`cannot write the report to ${path}`)
    }
  })

  test('a history where none can be written', async () => {
    const { code, stderr } = await tidemark('bench', 'ycsb', '--history', join(folder, 'nowhere/h.edn'))
    expect(code).toBe(3)
    expect(stderr).toContain('cannot write the history to')
    const unknown = await tidemark('bench', 'ycsb', '--history', join(folder, 'h.txt'))
    expect(unknown.stderr).toContain("a history's name must end in .edn")
  })

  test('more records than its memory holds, as a failed run', async () => {
    const args = ['--records', '500000', '--memory-limit', '16MiB', '--seconds', '0.1']
    const { code, stderr } = await tidemark('bench', 'ycsb', ...args)
    expect(code).toBe(1)
    expect(stderr).toContain('MemoryFullError')
  })
})

test('the help shows every option within 80 columns', async () => {
  const { code, stdout } = await tidemark('bench', 'ycsb', '--help')
  expect(code).toBe(0)
  for (const name of optionNames) expect(stdout).toContain(`--${name}=`)
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
})
