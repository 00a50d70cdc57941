import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { optionNames } from '../../bench/all/definitions.js'
import type { ComparisonResults } from '../../bench/all/results.js'
import { workloads } from '../../bench/all/workloads.js'
import { interrupted, tidemark } from './command.js'

const folder = await mkdtemp(join(tmpdir(), 'tidemark-cli-all-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

async function resultsAt(path: string): Promise<ComparisonResults> {
  return JSON.parse(await readFile(path, 'utf8')) as ComparisonResults
}

const small = ['bench', 'all', '--size', 'small']

describe('tidemark bench all', () => {
  test('runs every workload that is for its targets, and says why of the others', async () => {
    const path = join(folder, 'all.json')
    const args = ['--targets', 'tidemark,map', '--threads', '1', '--json', path]
    const { code, stdout, stderr } = await tidemark(...small, ...args)
    expect([code, stderr.includes('Error')]).toEqual([0, false])
    const { results, unfit, failures, disk, targets, interrupted: wasInterrupted } = await resultsAt(path)
    expect([failures, wasInterrupted]).toEqual([[], false])
    expect(disk.syncsPerSecond).toBeGreaterThan(0)
    expect(targets.map(({ name }) => name)).toEqual(['tidemark', 'map'])
    for (const { name } of workloads) {
      const measured = results.filter(({ workload }) => workload === name).map(({ target }) => target)
      const left = unfit.filter(({ workload }) => workload === name).map(({ target }) => target)
      expect(new Set([...measured, ...left])).toEqual(new Set(['tidemark', 'map']))
      expect(stdout.includes(`\n${name}: `)).toBe(measured.length > 0)
    }
    for (const result of results) {
      expect(result.committed).toBeGreaterThan(0)
      expect(result.committedPerSecond).toBeGreaterThan(0)
      expect(result.checksum).toMatch(/^[0-9a-f]{8}$/)
    }
  }, 120_000)

  test('times the disk beside each run whose commits wait for it', async () => {
    const path = join(folder, 'durable.json')
    const args = ['--targets', 'tidemark-sync', '--workloads', 'durable-1', '--json', path]
    const { code, stdout } = await tidemark(...small, ...args)
    expect(code).toBe(0)
    const { results } = await resultsAt(path)
    expect(results.length).toBeGreaterThan(0)
    for (const { syncsPerSecond } of results) expect(syncsPerSecond).toBeGreaterThan(0)
    expect(stdout).toContain('in syncs')
  }, 60_000)

  test('goes there and back in rounds', async () => {
    const path = join(folder, 'rounds.json')
    const args = ['--targets', 'tidemark,map', '--workloads', 'ycsb-c', '--rounds', '2', '--json', path]
    const { code } = await tidemark(...small, ...args)
    expect(code).toBe(0)
    const { results } = await resultsAt(path)
    expect(results.map(({ round, target, threads }) => [round, target, threads])).toEqual([
      [1, 'tidemark', 1],
      [1, 'map', 1],
      [1, 'tidemark', 2],
      [2, 'tidemark', 2],
      [2, 'map', 1],
      [2, 'tidemark', 1],
    ])
  }, 60_000)

  test('writes what it measured when it is interrupted', async () => {
    const path = join(folder, 'interrupted.json')
    const args = ['--targets', 'tidemark', '--workloads', 'ycsb-a,ycsb-b', '--threads', '1', '--json', path]
    const { code } = await interrupted([...small, '--seconds', '2', ...args], /ycsb-b: /, 500)
    expect(code).toBe(130)
    const { results, interrupted: wasInterrupted } = await resultsAt(path)
    expect(wasInterrupted).toBe(true)
    expect(results[0]).toMatchObject({ workload: 'ycsb-a', target: 'tidemark' })
  }, 60_000)

  test('fails when nothing that it was asked for can be measured', async () => {
    const { code, stderr } = await tidemark(...small, '--targets', 'map', '--workloads', 'bank')
    expect(code).toBe(1)
    expect(stderr).toContain('nothing was measured')
  })

  test('refuses what it does not know, and a report where none can be written', async () => {
    const wrong = await tidemark(...small, '--targets', 'mapp')
    expect([wrong.code, wrong.stdout]).toEqual([2, ''])
    expect(wrong.stderr).toContain("tidemark bench all: --targets has no 'mapp'")
    const nowhere = await tidemark(...small, '--json', join(folder, 'nowhere', 'out.json'))
    expect([nowhere.code, nowhere.stdout]).toEqual([3, ''])
  })

  test('has a help within 80 columns', async () => {
    const { code, stdout } = await tidemark('bench', 'all', '--help')
    expect(code).toBe(0)
    for (const name of optionNames) expect(stdout).toContain(`--${name}=`)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})
