import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tidemark } from './command.js'

const histories = fileURLToPath(new URL('../../histories/elle/', import.meta.url))
const invalid = join(histories, 'list-append/write-skew-bug-200-s53.jsonl')
const valid = join(histories, 'list-append/strict-50-s1.edn')
const registers = join(histories, 'rw-register/si-200-s110-rmw.jsonl')

let folder = ''
const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-check-'))
  await writeFile(at('broken.jsonl'), '{"type":"invoke","process":0,"f":"txn","value":[["r",1,nu')
  await writeFile(at('alone.jsonl'), '{"type":"invoke","process":0,"f":"txn","value":[["append",1,1]]}\n')
  await writeFile(
    at('rude.jsonl'),
    ['invoke', 'ok']
      .map((type) => JSON.stringify({ type, process: 0, f: 'txn', value: [['r', '\u001B[31m', ['\u202E']]] }))
      .join('\n'),
  )
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('tidemark check tells', () => {
  test('a valid history by exit code 0, and that it guessed the workload', async () => {
    const { code, stdout, stderr } = await tidemark('check', valid)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^VALID {2}.*strict-50-s1\.edn\n/)
    expect(stdout).toContain('The workload list-append was guessed')
  })

  test('an invalid one by 1, with the story of each anomaly', async () => {
    const { code, stdout } = await tidemark('check', invalid, '--workload', 'list-append')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^INVALID {2}/)
    expect(stdout).not.toContain('guessed')
    expect(stdout).toMatch(/\n {2}It is not [a-z-]+/)
    expect(stdout).toMatch(/\n {2}G2-item\S* 1 of \d+\n/)
    expect(stdout).toMatch(/\n {6}T1 {2}process \d+, ok, lines \d+ and \d+\n/)
    expect(stdout).toMatch(/\n {6}T1 -rw-> T2\n {8}T1 read key \d+/)
    expect(stdout).not.toContain('\u001B')
    const all = await tidemark('check', invalid, '--anomalies', 'all')
    expect(all.stdout.length).toBeGreaterThan(stdout.length)
  })

  test('an undecided one by 2', async () => {
    const { code, stdout } = await tidemark('check', at('alone.jsonl'))
    expect(code).toBe(2)
    expect(stdout).toMatch(/^UNKNOWN {2}/)
  })

  test('what is weaker than asked for', async () => {
    const weaker = await tidemark('check', invalid, '--model', 'read-committed,read-atomic')
    expect(weaker.code).toBe(0)
    const stronger = await tidemark('check', invalid, '--model', 'read-committed', '--model', 'serializable')
    expect(stronger.code).toBe(1)
  })

  test('control characters of a history as escapes', async () => {
    const { stdout, stderr } = await tidemark('check', at('rude.jsonl'))
    for (const character of ['\u001B', '\u202E']) expect(stdout + stderr).not.toContain(character)
    expect(stdout + stderr).not.toBe('')
  })
})

test('--json prints one line a file, and the worst verdict wins', async () => {
  const { code, stdout, stderr } = await tidemark('check', '--json', valid, invalid, registers, '--wfr-keys')
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.map(({ file, workload }) => [file, workload])).toEqual([
    [valid, 'list-append'],
    [invalid, 'list-append'],
    [registers, 'rw-register'],
  ])
  expect(lines[0]).toEqual({
    file: valid,
    workload: 'list-append',
    models: ['strict-serializable'],
    valid: true,
    anomalyTypes: [],
    not: [],
    alsoNot: [],
    seconds: expect.any(Number) as number,
  })
  expect(lines[1]).toMatchObject({
    valid: false,
    anomalyTypes: expect.arrayContaining(['G2-item']) as string[],
  })
})

test('--html writes one page for all files', async () => {
  const { code } = await tidemark('check', valid, invalid, '--html', at('out.html'))
  expect(code).toBe(1)
  const page = await readFile(at('out.html'), 'utf8')
  expect(page.match(/<section class="report"/g)).toHaveLength(2)
  expect(page).toContain('data-type="G2-item')
})

describe('tidemark check refuses', () => {
  test.each([
    [[], 'name at least one file'],
    [['--bogus', 'x'], "Unknown option '--bogus'"],
    [['x', '--model', 'perfect'], "--model 'perfect' is not known; there are: "],
    [['x', '--workload', 'poetry'], "--workload 'poetry' is not known; there are: list-append"],
    [['x', '--format', 'xml'], "--format 'xml' is not known; there are: json, edn"],
    [['x', '--max-time', 'soon'], "--max-time must be a positive number, not 'soon'"],
    [['x', '--html', '/nowhere/out.html'], 'cannot write /nowhere/out.html'],
  ])('%j as a usage error', async (args, message) => {
    const { code, stdout, stderr } = await tidemark('check', ...args)
    expect([code, stdout]).toEqual([64, ''])
    expect(stderr).toContain(`tidemark check: ${message}`)
    expect(stderr).toMatch(/\nSee tidemark check --help\.\n$/)
  })

  test('broken input by line and column, and still checks the other files', async () => {
    const { code, stdout, stderr } = await tidemark('check', at('broken.jsonl'), at('none.jsonl'), valid)
    expect(code).toBe(65)
    expect(stderr).toMatch(/broken\.jsonl:1:\d+: expected .*\n.*none\.jsonl/)
    expect(stderr).not.toMatch(/\n {4}at /)
    expect(stdout).toMatch(/^VALID/)
  })
})

test('the help names every option, within 80 columns', async () => {
  const { code, stdout } = await tidemark('check', '--help')
  expect(code).toBe(0)
  for (const name of ['workload', 'model', 'json', 'html', 'wfr-keys', 'max-time'])
    expect(stdout).toContain(`--${name}`)
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
})
