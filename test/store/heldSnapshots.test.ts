import { setTimeout as delay } from 'node:timers/promises'
import type { HeldSnapshot, Table } from 'tidemark'
import { expect, it, vi } from 'vitest'
import { runThreads, testFactor } from '../kit/engineThreads.js'
import { openShared } from '../kit/storeThread.js'

interface Item {
  readonly version: number
  readonly pad: string
}

const keyCount = 2000
const valueBytes = 200
/** A record with its version, and the room of one more. */
const recordBytes = 700

function sumOf(held: HeldSnapshot, items: Table<number, Item>): number {
  let sum = 0
  for (const { version } of held.getValues(items)) sum += version
  return sum
}

it('memory stays flat while two threads update beside held snapshots, which see what they saw', async () => {
  const store = await openShared({ memoryLimitBytes: 64 * 1024 ** 2 })
  const items = store.table<number, Item>('items')
  store.transactionSync((tx) => {
    for (let key = 0; key < keyCount; key++) tx.put(items, key, { version: 0, pad: 'x'.repeat(valueBytes) })
  })
  const control = new Int32Array(new SharedArrayBuffer(8))
  const load = { handle: store.handle, keyCount, valueBytes, words: control.buffer }
  const threads = runThreads<number>('updateLoad.mjs', 2, () => load)
  const updatesSince = async (before: number): Promise<void> => {
    while (Atomics.load(control, 1) - before < 10 * keyCount * testFactor) await delay(5)
  }
  const first = store.snapshot()
  let second: HeldSnapshot | undefined
  for (let round = 0; round < 6; round++) {
    await updatesSince(Atomics.load(control, 1))
    second?.close()
    second = store.snapshot()
    const sum = sumOf(second, items)
    expect(sumOf(first, items)).toBe(0)
    await updatesSince(Atomics.load(control, 1))
    expect(sumOf(second, items)).toBe(sum)
    for (let key = 0; key < keyCount; key += 97) expect(first.get(items, key)?.version).toBe(0)
    // One version of each key for each of the two, and what a thread has in its snapshot at the moment. Each
    // key was replaced dozens of times: not dozens of old ones stay. A thread that gets no processor in the
    // middle of a transaction holds all back, until it goes on.
    await vi.waitFor(() => {
      const stats = store.stats()
      expect(stats.keptForSnapshots).toBeLessThan(4 * keyCount)
      expect(stats.usedBytes).toBeLessThan(4 * keyCount * recordBytes)
    }, 10_000)
  }
  second?.close()
  first.close()
  Atomics.store(control, 0, 1)
  const updates = (await threads).reduce((sum, count) => sum + count, 0)
  expect(updates).toBeGreaterThan(100 * keyCount)
  for (let i = 0; i < 4; i++) store.collect()
  expect(store.stats().keptForSnapshots).toBe(0)
  expect(store.stats().usedBytes).toBeLessThan(keyCount * recordBytes)
}, 120_000)
