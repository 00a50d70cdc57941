import { describe, expect, test } from 'vitest'
import { MemoryLayoutError, MemoryLimitError, StuckError } from '../../src/memory/errors.js'
import { Latches, Wait } from '../../src/memory/latch.js'
import {
  catalogEntryWords,
  chunkBytes,
  header,
  layoutOf,
  magazineWords,
  memoryLimitMaxBytes,
  memoryLimitMinBytes,
  siteArea,
  siteAreaWords,
  slabCount,
  tableLimit,
} from '../../src/memory/layout.js'
import { depotWords } from '../../src/memory/magazine.js'
import { SharedMemory } from '../../src/memory/sharedMemory.js'
import { withHurriedWaits } from '../kit/engineTime.js'
import { runThreads } from '../kit/engineThreads.js'

describe('shared memory', () => {
  test.each([
    0,
    -1,
    Number.NaN,
    1.5,
    memoryLimitMinBytes - 1,
    memoryLimitMaxBytes + 1,
    Number.POSITIVE_INFINITY,
  ])('refuses a limit of %s bytes', (limitBytes) => {
    expect(() => SharedMemory.create(limitBytes)).toThrow(MemoryLimitError)
  })

  test('can be made as small and as large as it says', () => {
    for (const limitBytes of [memoryLimitMinBytes, memoryLimitMaxBytes]) {
      const memory = SharedMemory.create(limitBytes)
      expect(SharedMemory.from(memory.buffer).limitBytes).toBe(limitBytes)
    }
  })

  test('refuses buffers that are not its own', () => {
    expect(() => SharedMemory.from(new SharedArrayBuffer(16))).toThrow(MemoryLayoutError)
    expect(() => SharedMemory.from(new SharedArrayBuffer(2 ** 20))).toThrow(/not made by tidemark/)
    const memory = SharedMemory.create(memoryLimitMinBytes)
    memory.i32[header.version]!++
    expect(() => SharedMemory.from(memory.buffer)).toThrow(/another version/)
  })

  test('is seen through windows', () => {
    const memory = SharedMemory.create(memoryLimitMaxBytes)
    const addresses = [1000, 2 ** 28 - 1, 2 ** 28, 2 ** 28 + 12_345, memory.buffer.byteLength / 8 - 1]
    for (const address of addresses) {
      memory.i32[address * 2] = address
      expect(memory.windowOf(address).readInt32LE(memory.offsetOf(address))).toBe(address)
    }
  })
})

describe('the layout', () => {
  test.each([memoryLimitMinBytes, 16 * 2 ** 20 + 12_345, 3 * 2 ** 30, memoryLimitMaxBytes])(
    'for %i bytes has room for everything, in order',
    (limitBytes) => {
      const layout = layoutOf(limitBytes)
      expect(header.depots + slabCount * depotWords).toBeLessThanOrEqual(layout.siteTableStart)
      expect(siteArea.magazines + slabCount * magazineWords).toBeLessThanOrEqual(siteAreaWords)
      expect(layout.siteAreasStart).toBeGreaterThan(layout.siteTableStart)
      expect(layout.catalogStart).toBeGreaterThanOrEqual(layout.siteAreasStart + 256 * siteAreaWords)
      expect(layout.chunkTableStart).toBeGreaterThanOrEqual(
        layout.catalogStart + (tableLimit + 1) * catalogEntryWords,
      )
      expect(layout.directoryStart).toBeGreaterThanOrEqual(layout.chunkTableStart + 2 * layout.chunkCount)
      expect(layout.firstChunk * (chunkBytes / 4)).toBeGreaterThan(layout.directoryStart)
      expect(layout.totalBytes).toBeGreaterThanOrEqual((layout.firstChunk + layout.chunkCount) * chunkBytes)
      expect(layout.totalBytes / 4).toBeLessThanOrEqual(2 ** 31)
      expect(layout.chunkCount * chunkBytes).toBeLessThanOrEqual(limitBytes)
    },
  )
})

describe('a latch', () => {
  const nobodyDies = { recoverIfDead: () => false }

  test('is had by one of two threads at a time', async () => {
    const memory = SharedMemory.create(memoryLimitMinBytes)
    const rounds = 150_000
    await runThreads('latchLoad.mjs', 2, () => ({ buffer: memory.buffer, rounds }))
    expect(memory.i32[header.poolLatch]).toBe(0)
    // Word 1 of the sites' areas, which nothing else uses here, counted under the latch.
    expect(memory.i32[memory.siteAreaOf(1) + 1]).toBe(2 * rounds)
  })

  test('carries the site of its holder', () => {
    const { i32 } = SharedMemory.create(memoryLimitMinBytes)
    const latches = new Latches(i32, 7, nobodyDies)
    latches.acquire(header.poolLatch)
    expect(i32[header.poolLatch]).toBe(7)
    expect(latches.tryAcquire(header.poolLatch)).toBe(false)
    latches.release(header.poolLatch)
    expect(latches.tryAcquire(header.poolLatch)).toBe(true)
  })

  test('is not waited for endlessly: the error names the holder', () => {
    const { i32 } = SharedMemory.create(memoryLimitMinBytes)
    new Latches(i32, 3, nobodyDies).acquire(header.poolLatch)
    const waiter = new Latches(i32, 4, nobodyDies)
    withHurriedWaits(() => {
      expect(() => waiter.acquire(header.poolLatch)).toThrow(StuckError)
      expect(() => waiter.acquire(header.poolLatch)).toThrow(/site 3 /)
    })
    expect(i32[header.poolLatch]).toBe(3)
  })

  test('of a dead holder is had when that was recovered', () => {
    const { i32 } = SharedMemory.create(memoryLimitMinBytes)
    new Latches(i32, 3, nobodyDies).acquire(header.poolLatch)
    const asked: number[] = []
    const waiter = new Latches(i32, 4, {
      recoverIfDead: (site) => {
        asked.push(site)
        i32[header.poolLatch] = 0
        return true
      },
    })
    withHurriedWaits(() => waiter.acquire(header.poolLatch))
    expect(asked).toEqual([3])
    expect(i32[header.poolLatch]).toBe(4)
  })
})

describe('a wait', () => {
  test('ends after its limit', () => {
    const { i32 } = SharedMemory.create(memoryLimitMinBytes)
    const wait = new Wait(i32, { recoverIfDead: () => false })
    const startedMs = performance.now()
    while (wait.tryStep(1, 20));
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(20)
    expect(performance.now() - startedMs).toBeLessThan(1000)
  })
})
