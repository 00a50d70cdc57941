import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { optionNames } from '../../bench/record/definitions.js'
import { workloadNames } from '../../bench/record/workloads.js'
import { interrupted, tidemark } from './command.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-record-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

interface Line {
  readonly type: string
  readonly process: number
  readonly f: string
  readonly value: unknown
}

async function linesOf(path: string): Promise<Line[]> {
  const text = await readFile(path, 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

async function record(...args: string[]): Promise<Line[]> {
  const path = join(folder, 'h.jsonl')
  const { code, stdout, stderr } = await tidemark('record', '--out', path, ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('now: tidemark check')
  return linesOf(path)
}

describe('tidemark record runs', () => {
  test.each(workloadNames)('%s on two threads', async (workload) => {
    const lines = await record('--workload', workload, '--operations', '400')
    const ends = lines.filter(({ type }) => type !== 'invoke')
    expect(ends).toHaveLength(400)
    expect(new Set(lines.map(({ process }) => process)).size).toBe(2)
    expect(ends.filter(({ type }) => type === 'ok').length).toBeGreaterThan(200)
  })

  test('for a time, and ends in order when it is interrupted', async () => {
    expect((await record('--seconds', '0.2')).length).toBeGreaterThan(100)
    const path = join(folder, 'interrupted.jsonl')
    const args = ['record', '--seconds', '60', '--out', path]
    const { code } = await interrupted(args, /^/, 1000)
    expect(code).toBe(130)
    expect((await linesOf(path)).length).toBeGreaterThan(100)
  })

  test('the same load on any store, its clients taking turns', async () => {
    const args = ['--operations', '500', '--threads', '16', '--workload', 'counter']
    const totalOf = (lines: readonly Line[]): number =>
      lines.reduce((sum, { type, f, value }) => sum + (type === 'ok' && f === 'add' ? Number(value) : 0), 0)
    const lastReadOf = (lines: readonly Line[]): number =>
      Math.max(
        ...lines.flatMap(({ type, f, value }) => (type === 'ok' && f === 'read' ? [Number(value)] : [])),
      )
    const sound = await record('--adapter', 'examples/adapters/map.mjs', ...args)
    const broken = await record('--adapter', 'examples/adapters/broken.mjs', ...args)
    expect(new Set(sound.map(({ process }) => process)).size).toBe(16)
    expect(totalOf(sound) - lastReadOf(sound)).toBeLessThan(200)
    // It loses additions.
    expect(totalOf(broken) - lastReadOf(broken)).toBeGreaterThan(400)
  })

  test('a store whose commits fail: certainly or not, as its error says', async () => {
    const path = join(folder, 'failing.mjs')
    await writeFile(
      path,
      `let n = 0
       export const open = () => ({
         async transaction(body) {
           await body({ get: () => null, put: () => null })
           if (++n % 3 === 1) throw Object.assign(new Error('refused'), { outcome: 'fail' })
           if (n % 3 === 2) throw new Error('no answer')
         },
       })`,
    )
    const lines = await record('--adapter', path, '--operations', '30', '--threads', '1')
    const count = (wanted: string): number => lines.filter(({ type }) => type === wanted).length
    expect([count('ok'), count('fail'), count('info')]).toEqual([10, 10, 10])
    // No process goes on after an answer that it does not know.
    expect(new Set(lines.map(({ process }) => process)).size).toBe(11)
  })
})

describe('tidemark record refuses', () => {
  test.each([
    [[], '--out is missing'],
    [['--out', 'a.edn', '--workload', 'chaos'], '--workload must be list-append or'],
    [['--out', 'a.edn', '--seconds', '1', '--operations', '5'], '--seconds and --operations both'],
    [['--out', 'a.edn', '--workload', 'bank', '--ops-per-txn', '5'], '--ops-per-txn is for the workloads'],
    [['--out', 'a.edn', '--adapter', './nowhere.mjs'], '--adapter ./nowhere.mjs cannot be loaded'],
    [['--out', 'a.edn', '--adapter', './examples/threads.mjs', '--threads', 'x'], '--threads must be'],
    [['--out', 'a.edn', '--adapter', 'node:os', '--seed', '1'], 'must export a function open, and may'],
  ])('%j as a usage error', async (args, message) => {
    const { code, stdout, stderr } = await tidemark('record', ...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`tidemark record: ${message.startsWith('must') ? '' : message}`)
    expect(stderr).toContain(message)
    expect(stderr).toContain('See tidemark record --help.')
  })

  test('a history that cannot be written, and a store on which nothing works', async () => {
    const bad = await tidemark('record', '--out', join(folder, 'nowhere/a.edn'))
    expect([bad.code, bad.stdout]).toEqual([3, ''])
    const path = join(folder, 'dead.mjs')
    await writeFile(path, `export const open = () => ({ transaction() { throw new Error('it is down') } })`)
    const dead = await tidemark(
      'record',
      '--out',
      join(folder, 'a.edn'),
      '--adapter',
      path,
      '--seconds',
      '0.1',
    )
    expect(dead.code).toBe(1)
    expect(dead.stderr).toContain('no operation succeeded; the last error was: Error: it is down')
  })
})

test('the help shows every option and workload within 80 columns', async () => {
  const { code, stdout } = await tidemark('record', '--help')
  expect(code).toBe(0)
  for (const name of optionNames) expect(stdout).toContain(`--${name}=`)
  for (const name of workloadNames) expect(stdout).toContain(name)
  expect(stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('Runs'))).toEqual([])
})
