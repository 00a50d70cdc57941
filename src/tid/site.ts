import { ClockLimitError } from './errors.js'
import { type Stamp, stampNone, tickNs, tickStamp } from './stamp.js'
import { heldLimit, siteState, type SiteTable } from './siteTable.js'

/** Nanoseconds of a clock that never goes back and is the same for every thread of the process. */
export type Clock = () => bigint

export const monotonicClock: Clock = process.hrtime.bigint

/**
 * One attached thread: gives out tids, and tells everybody below which tid it may still read.
 *
 * *Strictly increasing per site, unique across sites*: the tick grows, the site is in the low bits.
 *
 * *Never below a safe tid computed earlier*: `begin` publishes `active` (its bound is the last stamp it gave
 * out) with a sequentially consistent store before it reads the clock; `safeStamp` reads the clock before it
 * reads the slots. Either the collector sees the slot active, and takes its bound, or the site reads the
 * clock after the collector did.
 *
 * *Real time*: if one transaction ends before another starts, the second reads the clock later. That makes
 * its tick larger only if the clock advances by a tick between two readings. `Site` probes that once, and
 * checks it at every `begin`; where a clock is coarser (100 ns on some systems), `end` waits until the clock
 * has passed the tick.
 */
export class Site {
  readonly id: number
  readonly table: SiteTable
  readonly #clock: Clock
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #activeIndex: number
  readonly #boundIndex: number
  readonly #lastIndex: number
  readonly #open: Stamp[] = []
  /** Held snapshots, by place. */
  readonly #held: Stamp[] = []
  #heldOpen = 0
  readonly #scratch = new BigUint64Array(1)
  readonly #halves = new Uint32Array(this.#scratch.buffer)
  #last: Stamp

  constructor(
    i32: Int32Array,
    u64: BigUint64Array,
    table: SiteTable,
    id: number,
    clock: Clock = monotonicClock,
  ) {
    this.id = id
    this.table = table
    this.#clock = clock
    this.#i32 = i32
    this.#u64 = u64
    this.#activeIndex = table.activeIndex(id)
    this.#boundIndex = table.boundIndex(id)
    this.#lastIndex = table.lastIndex(id)
    this.#last = u64[this.#lastIndex]!
    if (isCoarse(clock)) table.markClockCoarse()
  }

  /** Opens a transaction: its stamp (state bits zero) is above every stamp this site gave out. */
  begin(): Stamp {
    if (this.#open.length === 0) Atomics.store(this.#i32, this.#activeIndex, 1)
    const stamp = this.next()
    if (this.#open.length === 0) this.#u64[this.#boundIndex] = stamp
    this.#open.push(stamp)
    return stamp
  }

  /**
   * Closes a transaction opened by `begin`: after it, nothing that only this one could see is protected.
   * `committed` is the stamp that it committed at, if that is not the one it was opened with.
   */
  end(stamp: Stamp, committed: Stamp = stamp): void {
    const open = this.#open
    if (this.#heldOpen !== 0 && this.#endHeld(stamp)) return
    if (open.length === 1) {
      open.pop()
      if (this.table.isClockCoarse) this.#passTick(committed)
      Atomics.store(this.#i32, this.#activeIndex, 0)
      return
    }
    const index = open.lastIndexOf(stamp)
    if (index < 0) throw new Error(`tidemark bug: the stamp ${stamp} is not open at site ${this.id}`)
    open.splice(index, 1)
    if (index === 0) this.#u64[this.#boundIndex] = open[0]!
    if (this.table.isClockCoarse) this.#passTick(committed)
  }

  /**
   * Makes an open transaction a *held snapshot*, whose stamp others know exactly: of what came after it they
   * keep nothing for it. From now on it walks down chains between `beginWalk` and `endWalk` only. False, with
   * nothing changed, if the site holds as many as it can.
   *
   * The stamp is in its place before it leaves the bound, and others look at the bound first: so they see it
   * in one of the two.
   */
  hold(stamp: Stamp): boolean {
    const index = this.#open.lastIndexOf(stamp)
    let place = this.#held.indexOf(stampNone)
    if (place < 0) place = this.#held.length
    if (index < 0 || place >= heldLimit) return false
    this.#held[place] = stamp
    this.#heldOpen++
    Atomics.store(this.#u64, this.table.heldIndex(this.id) + place, stamp)
    Atomics.store(this.#i32, this.table.heldCountIndex(this.id), this.#held.length)
    this.#open.splice(index, 1)
    if (this.#open.length === 0) Atomics.store(this.#i32, this.#activeIndex, 0)
    else if (index === 0) Atomics.store(this.#u64, this.#boundIndex, this.#open[0]!)
    return true
  }

  /** What is unlinked from now on is not freed before `endWalk`. */
  beginWalk(): void {
    Atomics.store(this.#u64, this.table.walkIndex(this.id), this.now())
  }

  endWalk(): void {
    Atomics.store(this.#u64, this.table.walkIndex(this.id), stampNone)
  }

  /**
   * Keeps safe stamps that are computed from now on from rising above `stamp`, until `unpin`. One that
   * another site is just computing may have passed it already: the caller looks (`lookAtOpen`) once it has
   * pinned.
   */
  pin(stamp: Stamp): void {
    Atomics.store(this.#u64, this.table.pinIndex(this.id), stamp)
  }

  unpin(): void {
    Atomics.store(this.#u64, this.table.pinIndex(this.id), stampNone)
  }

  /** A fresh stamp without opening a transaction: above every stamp given out before by any site. */
  next(): Stamp {
    for (;;) {
      const stamp = this.#read(this.id << 2)
      if (stamp > this.#last) {
        this.#last = stamp
        this.#u64[this.#lastIndex] = stamp
        return stamp
      }
      this.table.markClockCoarse()
    }
  }

  /** The stamp of now, of nobody's: above all stamps of earlier ticks, below all of later ones. */
  now(): Stamp {
    return this.#read(0)
  }

  /** Milliseconds since a stamp was given out. */
  msSince(stamp: Stamp): number {
    return (Number((this.now() - stamp) / tickStamp) * tickNs) / 1e6
  }

  /**
   * Above every stamp given out before now, by any site: what is taken out of sight now is unseen by those
   * above.
   */
  retireStamp(): Stamp {
    return this.now() + tickStamp
  }

  /**
   * No transaction open now or opened later, on any site, has a stamp below the answer. Linear in the number
   * of sites.
   */
  safeStamp(): Stamp {
    let safe = this.now()
    const table = this.table
    const sites = table.highWater
    for (let id = sites; id > 0; id--) {
      const oldest = table.oldestOf(id)
      if (oldest !== undefined && oldest < safe) safe = oldest
    }
    // After all bounds: who pins, looks at bounds later than it pins. See `lookAtOpen`.
    return this.#lowest(sites, safe, (id) => table.pinIndex(id))
  }

  /**
   * What is open on all sites: every transaction open now or opened later has a stamp of `held`, or one not
   * below the answer. Pins do not count.
   *
   * If the caller has pinned stamp p, then no safe stamp computed before the caller unpins is above all of p,
   * the answer, and the lowest of `held`: who computes one has either looked at the transaction with the
   * lowest stamp here before the caller did, and counted it, or looks at pins later than the caller pinned.
   */
  lookAtOpen(held: Stamp[]): Stamp {
    let bound = this.now()
    held.length = 0
    const table = this.table
    for (let id = table.highWater; id > 0; id--) {
      if (Atomics.load(this.#i32, table.activeIndex(id)) !== 0) {
        const found = Atomics.load(this.#u64, table.boundIndex(id))
        if (found < bound) bound = found
      }
      for (let place = Atomics.load(this.#i32, table.heldCountIndex(id)) - 1; place >= 0; place--) {
        const stamp = Atomics.load(this.#u64, table.heldIndex(id) + place)
        if (stamp !== stampNone) held.push(stamp)
      }
    }
    return bound
  }

  /** All walks that are under way began at the answer or later. */
  walkStamp(): Stamp {
    return this.#lowest(this.table.highWater, this.now(), (id) => this.table.walkIndex(id))
  }

  get openCount(): number {
    return this.#open.length + this.#heldOpen
  }

  get isAttached(): boolean {
    return this.table.stateOf(this.id) === siteState.attached
  }

  #read(siteAndState: number): Stamp {
    this.#scratch[0] = this.#clock()
    const low = this.#halves[0]!
    const high = this.#halves[1]!
    if (high >>> 26 !== 0) throw new ClockLimitError(this.#scratch[0])
    this.#halves[1] = (high << 6) | (low >>> 26)
    this.#halves[0] = ((low << 6) & ~0x3ff) | siteAndState
    return this.#scratch[0]
  }

  #endHeld(stamp: Stamp): boolean {
    const place = this.#held.indexOf(stamp)
    if (place < 0) return false
    this.#held[place] = stampNone
    if (this.table.isClockCoarse) this.#passTick(stamp)
    Atomics.store(this.#u64, this.table.heldIndex(this.id) + place, stampNone)
    if (--this.#heldOpen > 0) return true
    this.#held.length = 0
    Atomics.store(this.#i32, this.table.heldCountIndex(this.id), 0)
    return true
  }

  /** The lowest of `from` and a word of each site, where it is not 0. */
  #lowest(sites: number, from: Stamp, indexOf: (id: number) => number): Stamp {
    let lowest = from
    for (let id = sites; id > 0; id--) {
      const found = Atomics.load(this.#u64, indexOf(id))
      if (found !== stampNone && found < lowest) lowest = found
    }
    return lowest
  }

  #passTick(stamp: Stamp): void {
    const tick = stamp >> 10n
    while (this.now() >> 10n <= tick);
  }
}

/**
 * Two readings in a row must differ by a tick at least; 256 tries, about 10 us, find a coarse clock surely.
 */
function isCoarse(clock: Clock): boolean {
  let before = clock()
  for (let i = 0; i < 256; i++) {
    const now = clock()
    if (now - before < BigInt(tickNs)) return true
    before = now
  }
  return false
}
