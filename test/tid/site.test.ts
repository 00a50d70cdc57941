import { describe, expect, test } from 'vitest'
import { ClockLimitError, SiteLimitError } from '../../src/tid/errors.js'
import { type Clock, Site } from '../../src/tid/site.js'
import { heldLimit, siteState, SiteTable, siteTableWords } from '../../src/tid/siteTable.js'
import { clockLimitNs, siteLimit, siteOf, type Stamp, tickNs } from '../../src/tid/stamp.js'
import { SteppingClock } from '../kit/engineTime.js'
import { runThreads } from '../kit/engineThreads.js'

interface World {
  readonly i32: Int32Array
  readonly u64: BigUint64Array
  readonly table: SiteTable
}

function makeWorld(): World {
  const buffer = new SharedArrayBuffer(siteTableWords * 4)
  const i32 = new Int32Array(buffer)
  const u64 = new BigUint64Array(buffer)
  return { i32, u64, table: new SiteTable(i32, u64, 0) }
}

function makeSite({ i32, u64, table }: World, clock?: Clock): Site {
  return new Site(i32, u64, table, table.register(1, 0), clock)
}

/** Steps of a clock, in nanoseconds, and readings for each step. */
const clocks = [
  ['that is fine', 40n, 1],
  ['of a tick a step', BigInt(tickNs), 1],
  ['below a tick a step', 1n, 1],
  ['of 100 ns', 100n, 37],
  ['that stands still for long', 1000n, 2000],
] as const

describe('with a clock', () => {
  test.each(clocks)('%s, stamps are unique and grow at each site', (_, stepNs, every) => {
    const world = makeWorld()
    const clock = new SteppingClock(stepNs, every)
    const sites = [makeSite(world, clock.read), makeSite(world, clock.read), makeSite(world, clock.read)]
    const seen = new Set<Stamp>()
    const last = sites.map(() => 0n)
    for (let i = 0; i < 300; i++) {
      const at = (i * 7) % 3
      const site = sites[at]!
      const stamp = i % 4 === 0 ? site.next() : site.begin()
      expect(stamp).toBeGreaterThan(last[at]!)
      expect(seen).not.toContain(stamp)
      expect(siteOf(stamp)).toBe(site.id)
      seen.add(stamp)
      last[at] = stamp
      if (i % 4 !== 0) site.end(stamp)
    }
  })

  test.each(clocks)(
    '%s, a transaction that begins after another ended has a higher stamp',
    (_, stepNs, every) => {
      const world = makeWorld()
      const clock = new SteppingClock(stepNs, every)
      const sites = Array.from({ length: 4 }, () => makeSite(world, clock.read))
      let last = 0n
      for (let i = 0; i < 200; i++) {
        const site = sites[(i * 3) % 4]!
        const stamp = site.begin()
        // A transaction in locking mode commits at a stamp of its own.
        const committed = i % 3 === 0 ? site.next() : stamp
        expect(stamp).toBeGreaterThan(last)
        last = committed
        site.end(stamp, committed)
      }
    },
  )

  test.each(clocks)('%s, the next owner of a slot goes on above the last one', (_, stepNs, every) => {
    const world = makeWorld()
    const clock = new SteppingClock(stepNs, every)
    let last = 0n
    for (let i = 0; i < 50; i++) {
      const site = makeSite(world, clock.read)
      expect(site.id).toBe(1)
      const first = site.begin()
      const second = site.begin()
      const third = i % 2 === 0 ? site.next() : second
      expect(first).toBeGreaterThan(last)
      last = third
      // As a thread does that is stopped: nothing is ended.
      world.table.leave(site.id)
    }
  })

  test('past its limit, says so', () => {
    const world = makeWorld()
    let nowNs = clockLimitNs - 10_000n
    const site = makeSite(world, () => (nowNs += 16n))
    expect(siteOf(site.begin())).toBe(site.id)
    nowNs = clockLimitNs
    expect(() => site.next()).toThrow(ClockLimitError)
  })
})

describe('a retire stamp', () => {
  test.each(clocks)('of a clock %s is above every stamp given out before', (_, stepNs, every) => {
    const world = makeWorld()
    const clock = new SteppingClock(stepNs, every)
    const sites = Array.from({ length: 3 }, () => makeSite(world, clock.read))
    for (let i = 0; i < 100; i++) {
      const given = sites.map((site) => site.next())
      const retired = sites[i % 3]!.retireStamp()
      for (const stamp of given) expect(retired).toBeGreaterThan(stamp)
    }
  })
})

describe('the safe stamp', () => {
  test('is that of the oldest open transaction, whichever site asks', () => {
    const world = makeWorld()
    const sites = [makeSite(world), makeSite(world), makeSite(world)] as const
    const first = sites[0].begin()
    const second = sites[1].begin()
    const third = sites[0].begin()
    for (const site of sites) expect(site.safeStamp()).toBe(first)
    sites[0].end(first)
    for (const site of sites) expect(site.safeStamp()).toBe(second)
    sites[1].end(second)
    for (const site of sites) expect(site.safeStamp()).toBe(third)
    sites[0].end(third)
    for (const site of sites) expect(site.safeStamp()).toBeGreaterThan(third)
  })

  test('does not depend on the order in which a site ends its transactions', () => {
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]
    for (const order of orders) {
      const site = makeSite(makeWorld())
      const open: (Stamp | undefined)[] = [site.begin(), site.begin(), site.begin()]
      for (const at of order) {
        site.end(open[at]!)
        open[at] = undefined
        const oldest = open.find((stamp) => stamp !== undefined)
        if (oldest === undefined) expect(site.openCount).toBe(0)
        else expect(site.safeStamp()).toBe(oldest)
      }
    }
  })

  test('is not held back by a site that has none open, or has left', () => {
    const world = makeWorld()
    const [a, b] = [makeSite(world), makeSite(world)]
    const stamp = a.begin()
    world.table.leave(a.id)
    expect(b.safeStamp()).toBeGreaterThan(stamp)
    expect(() => b.end(stamp)).toThrow(/not open/)
  })

  /**
   * Plays a collector in the middle of a begin, and a begin in the middle of the collector's look, wherever
   * they read the clock or touch the table.
   */
  test('is never above the stamp of a transaction that is open or begins later', () => {
    let plays = 0
    for (const outer of ['begin', 'safeStamp'] as const) {
      for (let at = 0; ; at++) {
        const world = makeWorld()
        let nowNs = 1_000_000n
        let left = Number.POSITIVE_INFINITY
        const step = () => {
          if (left-- !== 0) return
          inner()
        }
        const clock: Clock = () => {
          step()
          return (nowNs += 16n)
        }
        const a = makeSite(world, clock)
        const b = makeSite(world, () => (nowNs += 16n))
        const old = b.begin()
        b.end(old)
        let opened: Stamp | undefined
        let safe: Stamp | undefined
        let isInside = false
        const inner = () => {
          isInside = true
          if (outer === 'begin') safe = b.safeStamp()
          else opened = b.begin()
        }
        left = at
        withAtomicsHook(step, () => {
          if (outer === 'begin') opened = a.begin()
          else safe = a.safeStamp()
        })
        if (!isInside) break
        plays++
        expect(opened).toBeGreaterThanOrEqual(safe!)
        expect(b.safeStamp()).toBeLessThanOrEqual(opened!)
      }
    }
    expect(plays).toBeGreaterThan(5)
  })

  test('is never above what real threads begin with later', async () => {
    const world = makeWorld()
    const flag = new SharedArrayBuffer(64)
    const answers = await runThreads<{ begun: number; violations: number }>('siteLoad.mjs', 2, () => ({
      buffer: world.i32.buffer,
      flag,
      rounds: 60_000,
    }))
    const [first, second] = answers
    expect(first!.begun + second!.begun).toBe(120_000)
    expect(first!.violations + second!.violations).toBe(0)
  })
})

describe('the table of sites', () => {
  test('gives each thread a slot of its own, and refuses when all are taken', () => {
    const { table } = makeWorld()
    const ids = Array.from({ length: siteLimit }, (_, thread) => table.register(thread, thread + 1000))
    expect(new Set(ids).size).toBe(siteLimit)
    expect(Math.max(...ids)).toBe(siteLimit)
    expect(table.attachedCount).toBe(siteLimit)
    expect(table.threadOf(7)).toBe(6)
    expect(table.nativeThreadOf(7)).toBe(1006)
    expect(() => table.register(1, 1)).toThrow(SiteLimitError)
    table.leave(77)
    expect(table.register(5, 6)).toBe(77)
    expect(table.highWater).toBe(siteLimit)
  })

  test('lets one recoverer have a dead slot, and only while it is that thread', () => {
    const { table } = makeWorld()
    const dead = table.register(9, 0)
    const [one, two] = [table.register(1, 0), table.register(2, 0)]
    expect(table.claimDead(dead, 8, one)).toBe(false)
    expect(table.stateOf(dead)).toBe(siteState.attached)
    expect(table.claimDead(dead, 9, one)).toBe(true)
    expect(table.claimDead(dead, 9, two)).toBe(false)
    expect(table.claimedBy(one)).toEqual([dead])
    table.takeOver(dead, two)
    expect(table.claimedBy(one)).toEqual([])
    expect(table.claimedBy(two)).toEqual([dead])
    table.leave(dead)
    expect(table.adopt(dead, one)).toBe(true)
    expect(table.adopt(dead, two)).toBe(false)
    expect(table.adopt(one, two)).toBe(false)
  })
})

/** Calls the hook before each atomic operation of the body. */
function withAtomicsHook(hook: () => void, body: () => void): void {
  const { load, store } = Atomics
  Atomics.load = ((...values: Parameters<typeof load>) => {
    hook()
    return load(...values)
  }) as typeof load
  Atomics.store = ((...values: Parameters<typeof store>) => {
    hook()
    return store(...values)
  }) as typeof store
  try {
    body()
  } finally {
    Atomics.load = load
    Atomics.store = store
  }
}

describe('a held snapshot', () => {
  test('counts for the safe stamp, exactly, and no longer for the bound', () => {
    const world = makeWorld()
    const [a, b] = [makeSite(world), makeSite(world)]
    const held = a.begin()
    const open = a.begin()
    expect(a.hold(held)).toBe(true)
    const stamps: Stamp[] = []
    expect(b.lookAtOpen(stamps)).toBe(open)
    expect(stamps).toEqual([held])
    expect(b.safeStamp()).toBe(held)
    expect([a.openCount, world.table.oldestOf(a.id), world.table.anyHeld]).toEqual([2, held, true])
    a.end(held)
    expect(b.safeStamp()).toBe(open)
    a.end(open)
    expect(world.table.oldestOf(a.id)).toBeUndefined()
    expect(world.table.anyHeld).toBe(false)
    expect(b.safeStamp()).toBeGreaterThan(open)
  })

  test('is one that the site has open, of a limited number', () => {
    const world = makeWorld()
    const site = makeSite(world)
    expect(site.hold(site.next())).toBe(false)
    const stamps = Array.from({ length: heldLimit + 1 }, () => site.begin())
    expect(stamps.map((stamp) => site.hold(stamp))).toEqual(stamps.map((_, i) => i < heldLimit))
    for (const stamp of stamps.toReversed()) site.end(stamp)
    expect(site.openCount).toBe(0)
    expect(site.hold(site.begin())).toBe(true)
  })

  test('and pins and walks go with the site that leaves', () => {
    const world = makeWorld()
    const [a, b] = [makeSite(world), makeSite(world)]
    a.hold(a.begin())
    a.pin(7n)
    a.beginWalk()
    expect(b.safeStamp()).toBe(7n)
    world.table.leave(a.id)
    const now = b.next()
    expect(b.safeStamp()).toBeGreaterThan(now)
    expect(b.walkStamp()).toBeGreaterThan(now)
  })
})

test('a pin keeps safe stamps down, and not what is open', () => {
  const world = makeWorld()
  const [a, b] = [makeSite(world), makeSite(world)]
  const pinned = a.next()
  a.pin(pinned)
  expect(b.safeStamp()).toBe(pinned)
  expect(b.lookAtOpen([])).toBeGreaterThan(pinned)
  a.unpin()
  expect(b.safeStamp()).toBeGreaterThan(pinned)
})

test('a walk is known by the time at which it began, while it goes on', () => {
  const world = makeWorld()
  const [a, b] = [makeSite(world), makeSite(world)]
  const before = b.next()
  a.beginWalk()
  const after = b.next()
  expect(b.walkStamp()).toBeGreaterThan(before)
  expect(b.walkStamp()).toBeLessThan(after)
  a.endWalk()
  expect(b.walkStamp()).toBeGreaterThan(after)
})
