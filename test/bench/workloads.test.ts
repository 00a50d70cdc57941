import { describe, expect, test } from 'vitest'
import type { Committing } from '../../bench/targets/target.js'
import { coreTransactions } from '../../bench/ycsb/core.js'
import { coreWorkloads, mixes } from '../../bench/ycsb/mixes.js'
import { WrongResultError } from '../../bench/driver/errors.js'
import { longReaderKeys, longReads, mixedTransactions } from '../../bench/ycsb/transactional.js'
import { verify } from '../../bench/ycsb/verify.js'
import { workOf } from '../../bench/ycsb/work.js'
import { loadedMap, smallRun } from './settings.js'

/** The map commits before a call returns. */
function repeat(times: number, run: () => Committing): void {
  for (let index = 0; index < times; index += 1) void run()
}

async function checksumOf(seed: number): Promise<number> {
  const { context } = await loadedMap({ ...smallRun, seed, readRatio: 50 })
  const work = workOf(context, 'worker')
  repeat(100, () => void work.runTransaction())
  return work.checksum()
}

describe('core workloads', () => {
  test('the shares of each mix add up to 100', () => {
    for (const workload of coreWorkloads) {
      const { read, update, insert, scan, modify } = mixes[workload]
      expect(read + update + insert + scan + modify).toBe(100)
    }
  })

  test.each(coreWorkloads)(
    '%s: operations have the shares of the mix, over fields and strings',
    async (workload) => {
      const mix = mixes[workload]
      const runs = 4000
      for (const value of ['fields', 'string'] as const) {
        const { session, context } = await loadedMap({
          ...smallRun,
          workload,
          value,
          keys: 'string',
          skew: 0.99,
        })
        repeat(runs, coreTransactions(context, workload))
        const { calls } = session
        const near = (share: number): number => (runs * share) / 100
        const reads = mix.read + mix.modify + (value === 'fields' ? mix.update : 0)
        for (const [count, share] of [
          [calls.get, reads],
          [calls.put, mix.update + mix.modify],
          [calls.insert, mix.insert],
          [calls.values, mix.scan],
        ] as const) {
          expect(Math.abs(count - near(share))).toBeLessThanOrEqual(4 * Math.sqrt(runs * 0.25))
          if (share === 0) expect(count).toBe(0)
        }
        expect(calls.readOnly + calls.readWrite).toBe(runs)
        await expect(verify(context, context.inserts.acknowledged())).resolves.toBeUndefined()
        expect(session.records.size).toBe(smallRun.records + calls.insert)
      }
    },
  )

  test('scans ask for 1 to 100 records, every length alike', async () => {
    const { session, context } = await loadedMap({ ...smallRun, workload: 'e', keys: 'string' })
    repeat(3000, coreTransactions(context, 'e'))
    expect([Math.min(...session.lengths), Math.max(...session.lengths)]).toEqual([1, 100])
    const mean = session.lengths.reduce((sum, length) => sum + length, 0) / session.lengths.length
    expect(Math.abs(mean - 50.5)).toBeLessThan(3)
  })

  test('a lost record stops the run', async () => {
    const { session, context } = await loadedMap({ ...smallRun, workload: 'c' })
    session.records.clear()
    expect(coreTransactions(context, 'c')).toThrow(WrongResultError)
  })
})

describe('transactional workloads', () => {
  test.each([
    [1, 100, 1000, 0],
    [4, 0, 0, 4000],
    [10, 100, 10_000, 0],
  ])('%i operations with %i %% reads', async (operationsPerTransaction, readRatio, gets, puts) => {
    const { session, context } = await loadedMap({ ...smallRun, operationsPerTransaction, readRatio })
    repeat(1000, mixedTransactions(context))
    expect([session.calls.get, session.calls.put]).toEqual([gets, puts])
    expect(session.calls[readRatio === 100 ? 'readOnly' : 'readWrite']).toBe(1000)
  })

  test('a mix has the share of reads it was asked for', async () => {
    const { session, context } = await loadedMap({ ...smallRun, readRatio: 80 })
    repeat(2500, mixedTransactions(context))
    expect(Math.abs(session.calls.get - 8000)).toBeLessThan(4 * Math.sqrt(10_000 * 0.8 * 0.2))
    expect(session.calls.get + session.calls.put).toBe(10_000)
  })

  test('a retry reads and writes the same records again', async () => {
    const { session, context } = await loadedMap({ ...smallRun, readRatio: 0, operationsPerTransaction: 2 })
    const before = new Map(session.records)
    session.records.clear()
    session.attempts = 3
    void mixedTransactions(context)()
    expect(session.calls.put).toBe(6)
    expect(session.records.size).toBeLessThanOrEqual(2)
    expect([...session.records.keys()].every((key) => before.has(key))).toBe(true)
  })

  test('a scan reads 100 consecutive records, and fewer are a wrong result', async () => {
    const { session, context } = await loadedMap({ ...smallRun, readRatio: 'scan', skew: 'uniform' })
    const run = mixedTransactions(context)
    repeat(50, run)
    expect(session.calls.values).toBe(50)
    expect(new Set(session.lengths)).toEqual(new Set([100]))
    for (let number = 0; number < 500; number += 2) session.records.delete(number)
    for (let number = 300; number < 500; number += 1) session.records.delete(number)
    expect(() => repeat(50, run)).toThrow(/found \d+ records of 100/)
  })

  test('a long reader reads 10,000 records in one transaction, each timed', async () => {
    const { session, context } = await loadedMap(smallRun)
    void longReads(context)()
    expect(session.calls).toMatchObject({ get: longReaderKeys, readOnly: 1 })
    expect(workOf(context, 'longReader').transactionsPerSample).toBe(1)
  })

  test('the checksum depends on the seed and is the same for the same work', async () => {
    expect(await checksumOf(1)).toBe(await checksumOf(1))
    expect(await checksumOf(1)).not.toBe(await checksumOf(2))
  })
})

describe('load and verify', () => {
  test('loads each record once, in keys of its kind, and tells how far it is', async () => {
    for (const keys of ['integer', 'string'] as const) {
      const { session, context } = await loadedMap({ ...smallRun, records: 12_345, keys })
      expect(session.records.size).toBe(12_345)
      await expect(verify(context, 12_345)).resolves.toBeUndefined()
    }
  })

  test.each([
    [
      'a missing record',
      /1 of 500 records are missing, the first is 17/,
      (map: Map<unknown, string>) => map.delete(17),
    ],
    ['a foreign key', /nobody wrote, with key 500/, (map: Map<unknown, string>) => map.set(500, 'x')],
    ['a key of another type', /nobody wrote, with key a/, (map: Map<unknown, string>) => map.set('a', 'x')],
    ['a damaged value', /record 3 is damaged: "x"/, (map: Map<unknown, string>) => map.set(3, 'x')],
  ])('%s fails the check', async (_what, message, damage) => {
    const { session, context } = await loadedMap(smallRun)
    damage(session.records)
    await expect(verify(context, 500)).rejects.toThrow(message)
  })
})
