import { beforeEach, describe, expect, test } from 'vitest'
import { blockKind, header, magazineWords, siteArea } from '../../src/memory/layout.js'
import {
  bump,
  bumpEnd,
  depotHead,
  depotWords,
  loaded,
  loadedCount,
  spare,
} from '../../src/memory/magazine.js'
import { sizeClassOf } from '../../src/memory/sizeClasses.js'
import type { Engine } from '../../src/mvcc/engine.js'
import { retiredKind } from '../../src/mvcc/retired.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, mebibyte, Session } from '../kit/engineKit.js'

/** Fewer chunks than the tuples of `makeFreeTuples` take. */
const chunks = 15

/** Chunks full of tuples, all of them free, at engines that have left; and two engines with nothing. */
function makeFreeTuples(): Engine[] {
  const engines = makeEngines(4, { limitBytes: 8 * mebibyte })
  const [, , writer, remover] = engines.map((engine) => new Session(engine))
  const keys = Array.from({ length: 30_000 }, (_, i) => `key ${i}`)
  for (const key of keys) writer!.run((tx) => writer!.put(tx, key, 'x'.repeat(60)))
  for (const key of keys) remover!.run((tx) => remover!.delete(tx, key))
  collectAll(engines)
  for (const engine of engines.slice(2)) engine.leave()
  collectAll(engines.slice(0, 2))
  return engines.slice(0, 2)
}

/** How many entries fit into the last block of the queue of what is retired. */
function roomInTail({ context, memory }: Engine): number {
  return 255 - memory.i32[context.area + siteArea.retiredEnds + 3]!
}

/** Whether the site has a free block of the class without a chunk from the pool. */
function hasFree({ context, memory }: Engine, sizeClass: number): boolean {
  const { i32 } = memory
  const magazine = context.area + siteArea.magazines + sizeClass * magazineWords
  return (
    i32[magazine + loaded] !== 0 ||
    i32[magazine + spare] !== 0 ||
    i32[magazine + bump] !== i32[magazine + bumpEnd] ||
    i32[header.depots + sizeClass * depotWords + depotHead] !== 0
  )
}

/** Waits until an engine that has reclaimed may reclaim again, and lets it free what it retired. */
function passTime(engine: Engine): void {
  Atomics.wait(engine.memory.i32, header.sleep, 0, 12)
  engine.collect()
}

/** What the engine has claimed after a reclamation. */
function reclaim(engine: Engine): readonly number[] {
  const { reclaimer } = engine.context.arena
  reclaimer.reclaim()
  return reclaimer.claimed
}

describe('chunks of tuples that are all free', () => {
  let a: Engine
  let b: Engine

  beforeEach(() => {
    const [first, second] = makeFreeTuples()
    a = first!
    b = second!
  })

  function expectAllFree(engine: Engine): void {
    const before = engine.context.arena.pool.chunksInUse
    passTime(engine)
    passTime(engine)
    expect(engine.context.arena.pool.chunksInUse).toBeLessThan(before - chunks)
    expectSound(engine)
  }

  test('are reclaimed by the very allocation of the queue of what is retired, which stays whole', () => {
    const { arena, retired, site } = a.context
    const { pool } = arena
    while (arena.reclaimer.claimed.length === 0 && roomInTail(a) > 3)
      retired.push(retiredKind.block, arena.allocate(blockKind.data, 16), site.retireStamp())
    const larger = arena.allocate(blockKind.data, 8192)
    const blocks: number[] = []
    const runs: number[] = []
    arena.withReserve(() => {
      for (let run = pool.takeRun(1); run !== 0; run = pool.takeRun(1)) runs.push(run)
    })
    while (hasFree(a, sizeClassOf(4096))) blocks.push(arena.allocate(blockKind.data, 4096))
    arena.free(larger)
    retired.reserve(10)
    for (const run of runs) pool.release(run)
    for (const block of blocks) arena.free(block)
    collectAll([a])
    expect(retired.length).toBe(0)
    expectSound(a)
    expect(pool.chunksInUse).toBeLessThan(20)
  })

  test('are claimed by one site alone', () => {
    const ofA = [...reclaim(a)]
    expect(ofA.length).toBeGreaterThan(chunks)
    const ofB = reclaim(b)
    expect(ofB.filter((chunk) => ofA.includes(chunk))).toEqual([])
    a.collect()
    b.collect()
    expectSound(a)
    expectAllFree(a)
  })

  test('are retired when the transaction ends whose allocation reclaimed them', () => {
    const session = new Session(a)
    const tx = session.begin()
    expect(reclaim(a).length).toBeGreaterThan(chunks)
    expect(a.context.retired.length).toBe(0)
    session.commit(tx)
    expect(reclaim(a)).toEqual([])
    expect(a.context.retired.length).toBeGreaterThan(chunks)
    expectAllFree(a)
  })

  test('are left to the next reclamation by a site that dies before it has retired them', () => {
    reclaim(a)
    expect(b.recoverer.recover(a.context.site.id, 0)).toBe(true)
    expect(reclaim(b).length).toBeGreaterThan(chunks)
    b.collect()
    expectAllFree(b)
  })

  test.each(['queued', 'not yet queued'])(
    'are released once if their site dies with one retired and %s',
    (how) => {
      const { arena, retired, site } = a.context
      const chunk = reclaim(a).at(-1)!
      arena.pool.retire(chunk)
      const open = b.begin('optimistic')
      if (how === 'queued') retired.push(retiredKind.chunk, chunk, site.retireStamp())
      expect(b.recoverer.recover(site.id, 0)).toBe(true)
      expect(arena.pool.isRetired(arena.pool.indexOf(chunk))).toBe(true)
      b.commit(open)
      expectSound(b)
      reclaim(b)
      b.collect()
      expectAllFree(b)
    },
  )
})

test.each([
  ['had only taken its latch over', false],
  ['was recovering it', true],
])('free blocks in the hands of a dead reclaimer are not lost if a site dies that %s', (_, isClaimed) => {
  const [dead, other, survivor] = makeEngines(3, { limitBytes: 8 * mebibyte })
  const { arena, area, site, sites } = dead!.context
  const { i32 } = dead!.memory
  const slab = sizeClassOf(576)
  const blocks = Array.from({ length: 10 }, () => arena.allocate(blockKind.data, 576))
  for (const block of blocks) arena.free(block)
  const magazine = area + siteArea.magazines + slab * magazineWords
  i32[area + siteArea.siftingSlab] = slab + 1
  i32[area + siteArea.sifting] = i32[magazine + loaded]!
  i32[magazine + loaded] = i32[magazine + loadedCount] = 0
  const otherId = other!.context.site.id
  i32[header.depotLatch] = otherId
  if (isClaimed) expect(sites.claimDead(site.id, sites.threadOf(site.id), otherId)).toBe(true)

  for (const id of isClaimed ? [otherId] : [otherId, site.id])
    expect(survivor!.recoverer.recover(id, sites.threadOf(id))).toBe(true)
  expectSound(survivor!)
  expect(i32[header.depotLatch]).toBe(0)
  expect(i32[area + siteArea.siftingSlab]).toBe(0)
})
