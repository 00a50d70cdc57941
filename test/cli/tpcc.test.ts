import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { optionNames } from '../../bench/tpcc/definitions.js'
import { tidemark } from './command.js'

const small = ['--scale', '0.01', '--seconds', '0.4', '--warmup', '0.1']
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-tpcc-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

interface Kind {
  readonly committed: number
  readonly latencyUs: Readonly<Record<string, number>>
}
interface Result {
  readonly threads: number
  readonly warehouses: number
  readonly committed: number
  readonly committedPerSecond: number
  readonly transactions: Readonly<Record<string, Kind>>
}

async function results(name: string, ...args: string[]): Promise<readonly Result[]> {
  const path = join(folder, `${name}.json`)
  const { code, stderr, stdout } = await tidemark('bench', 'tpcc', ...small, '--json', path, ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('conditions 1 to 12 hold')
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  return (JSON.parse(await readFile(path, 'utf8')) as { results: readonly Result[] }).results
}

describe('tidemark bench tpcc runs', () => {
  test('the standard mix on one thread and on two, each with a warehouse of its own', async () => {
    const runs = await results('standard', '--threads', '1,2')
    expect(runs.map(({ threads, warehouses }) => [threads, warehouses])).toEqual([
      [1, 1],
      [2, 2],
    ])
    for (const { committed, transactions } of runs) {
      const kinds = Object.values(transactions)
      expect(Object.keys(transactions)).toEqual('newOrder,payment,orderStatus,delivery,stockLevel'.split(','))
      expect(kinds.reduce((sum, kind) => sum + kind.committed, 0)).toBe(committed)
      for (const { latencyUs } of kinds) expect(latencyUs['p50']).toBeGreaterThan(0)
    }
  })

  test('another mix on two threads that share a warehouse', async () => {
    const [run] = await results('shared', '--threads', '2', '--warehouses', '1', '--mix', '50,40,0,10,0')
    expect(run?.transactions['orderStatus']?.committed).toBe(0)
    expect(run?.transactions['delivery']?.committed).toBeGreaterThan(0)
  })

  test('on disk, where a folder holds the store of one run', async () => {
    const path = join(folder, 'stores')
    const [run] = await results('disk', '--path', path, '--durability', 'async')
    expect(run?.committed).toBeGreaterThan(0)
    const { code, stderr } = await tidemark('bench', 'tpcc', ...small, '--path', path)
    expect(code).toBe(2)
    expect(stderr).toContain('there is a store in')
  })
})

describe('tidemark bench tpcc refuses', () => {
  test.each([
    [['--mix', '45,43,4,4'], '--mix must be five whole numbers that add up to 100'],
    [['--mix', '45,43,4,4,5'], '--mix must be five whole numbers that add up to 100'],
    [['--scale', '2'], "--scale must be a number from 0.001 to 1, not '2'"],
    [['--warehouses', '0'], "--warehouses must be a whole number from 1 to 1000, not '0'"],
    [['--durability', 'sync'], '--durability has no meaning without --path'],
    [['--path', 'x', '--durability', 'soon'], "--durability must be sync or async or none, not 'soon'"],
  ])('%j as a usage error', async (args, message) => {
    const { code, stdout, stderr } = await tidemark('bench', 'tpcc', ...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`tidemark bench tpcc: ${message}`)
  })
})

test('the help shows every option within 80 columns', async () => {
  const { code, stdout } = await tidemark('bench', 'tpcc', '--help')
  expect(code).toBe(0)
  for (const name of optionNames) expect(stdout).toContain(`--${name}=`)
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
})
