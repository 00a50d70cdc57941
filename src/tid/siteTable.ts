import { SiteLimitError } from './errors.js'
import { siteLimit } from './stamp.js'

/**
 * The table of sites in shared memory: who is attached, and below which stamp each may still read.
 *
 * Shared words, and who writes them:
 * - `state`: claimed by compare-and-exchange; set to `dying` by the recoverer of a dead thread, then back to
 *   `free`.
 * - `active`: written by the site alone (and cleared by its recoverer): it has transactions open that are not
 *   held.
 * - `bound`: written by the site alone: a stamp not above that of any such transaction. It only grows.
 * - `held`: written by the site alone: the stamps of its held snapshots, 0 where there is none, and
 *   `heldCountWord`, the number of places to look at.
 * - `walkWord`: written by the site alone: a time since which it has been walking down a chain of versions
 *   for a held snapshot, or 0.
 * - `pin`: written by the site alone: a stamp above which safe stamps are not to rise for now, or 0.
 * - `last`: written by the site alone: the last stamp it gave out. It survives the site, so the next owner of
 *   the slot continues above.
 */
export const siteSlotWords = 64
export const siteTableWords: number = (siteLimit + 2) * siteSlotWords

export const siteState = { free: 0, attached: 1, dying: 2 } as const

const stateWord = 0
const activeWord = 1
const boundWord = 2
const threadWord = 4
const nativeThreadWord = 5
const recovererWord = 6
const heldCountWord = 7
const lastWord = 8
const walkWord = 10
const pinWord = 12
const heldWord = 16

/** Held snapshots of a site that others know one by one. */
export const heldLimit: number = (siteSlotWords - heldWord) / 2

const highWaterWord = 0
const coarseClockWord = 1

export class SiteTable {
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #base: number

  constructor(i32: Int32Array, u64: BigUint64Array, base: number) {
    this.#i32 = i32
    this.#u64 = u64
    this.#base = base
  }

  /** Claims a free slot for a thread. `nativeThread` is 0 where the platform does not tell it. */
  register(thread: number, nativeThread: number): number {
    for (let id = 1; id <= siteLimit; id++) {
      const slot = this.slotOf(id)
      if (
        Atomics.compareExchange(this.#i32, slot + stateWord, siteState.free, siteState.attached) !==
        siteState.free
      )
        continue
      this.#i32[slot + threadWord] = thread
      this.#i32[slot + nativeThreadWord] = nativeThread
      this.#raiseHighWater(id)
      return id
    }
    throw new SiteLimitError()
  }

  leave(id: number): void {
    const slot = this.slotOf(id)
    Atomics.store(this.#i32, slot + activeWord, 0)
    for (let place = 0; place < heldLimit; place++) Atomics.store(this.#u64, this.heldIndex(id) + place, 0n)
    Atomics.store(this.#i32, slot + heldCountWord, 0)
    Atomics.store(this.#u64, this.walkIndex(id), 0n)
    Atomics.store(this.#u64, this.pinIndex(id), 0n)
    this.#i32[slot + threadWord] = 0
    this.#i32[slot + nativeThreadWord] = 0
    Atomics.store(this.#i32, slot + stateWord, siteState.free)
  }

  /**
   * Claims the slot of a thread that is dead: the one caller that is answered true may recover it; everybody
   * else leaves it alone. The thread is asked for again once the slot is claimed: since the caller looked, it
   * may have been recovered and given to a thread that lives.
   */
  claimDead(id: number, thread: number, recoverer: number): boolean {
    if (!this.#claim(id, siteState.attached, recoverer)) return false
    if (this.threadOf(id) === thread) return true
    Atomics.compareExchange(this.#i32, this.slotOf(id) + stateWord, siteState.dying, siteState.attached)
    return false
  }

  /** Claims a slot that nobody uses, to look after what its last owner has left. */
  adopt(id: number, recoverer: number): boolean {
    return this.#claim(id, siteState.free, recoverer)
  }

  /** The slots that a recoverer, now dead itself, has claimed and not finished with. */
  claimedBy(recoverer: number): number[] {
    const claimed: number[] = []
    for (let id = 1; id <= this.highWater; id++) {
      if (this.stateOf(id) === siteState.dying && this.#i32[this.slotOf(id) + recovererWord] === recoverer)
        claimed.push(id)
    }
    return claimed
  }

  /** Takes over a slot that a dead recoverer had claimed. */
  takeOver(id: number, recoverer: number): void {
    this.#i32[this.slotOf(id) + recovererWord] = recoverer
  }

  #claim(id: number, from: number, recoverer: number): boolean {
    const slot = this.slotOf(id)
    if (Atomics.compareExchange(this.#i32, slot + stateWord, from, siteState.dying) !== from) return false
    this.#i32[slot + recovererWord] = recoverer
    return true
  }

  stateOf(id: number): number {
    return Atomics.load(this.#i32, this.slotOf(id) + stateWord)
  }

  threadOf(id: number): number {
    return this.#i32[this.slotOf(id) + threadWord]!
  }

  nativeThreadOf(id: number): number {
    return this.#i32[this.slotOf(id) + nativeThreadWord]!
  }

  /** A stamp not above that of any transaction that the site has open; undefined if it has none. */
  oldestOf(id: number): bigint | undefined {
    const isActive = Atomics.load(this.#i32, this.activeIndex(id)) !== 0
    let oldest = isActive ? Atomics.load(this.#u64, this.boundIndex(id)) : undefined
    for (let place = Atomics.load(this.#i32, this.heldCountIndex(id)) - 1; place >= 0; place--) {
      const held = Atomics.load(this.#u64, this.heldIndex(id) + place)
      if (held !== 0n && (oldest === undefined || held < oldest)) oldest = held
    }
    return oldest
  }

  /** Whether some site holds a snapshot. */
  get anyHeld(): boolean {
    for (let id = this.highWater; id > 0; id--)
      if (Atomics.load(this.#i32, this.heldCountIndex(id)) !== 0) return true
    return false
  }

  /** Sites above it were never attached. */
  get highWater(): number {
    return Atomics.load(this.#i32, this.#base + highWaterWord)
  }

  get attachedCount(): number {
    let count = 0
    for (let id = 1; id <= this.highWater; id++) if (this.stateOf(id) !== siteState.free) count++
    return count
  }

  /** Whether some thread has ever seen two clock readings in one tick; see `Site`. */
  get isClockCoarse(): boolean {
    return this.#i32[this.#base + coarseClockWord] !== 0
  }

  markClockCoarse(): void {
    Atomics.store(this.#i32, this.#base + coarseClockWord, 1)
  }

  slotOf(id: number): number {
    return this.#base + siteSlotWords * id
  }

  activeIndex(id: number): number {
    return this.slotOf(id) + activeWord
  }

  boundIndex(id: number): number {
    return (this.slotOf(id) + boundWord) >> 1
  }

  lastIndex(id: number): number {
    return (this.slotOf(id) + lastWord) >> 1
  }

  heldCountIndex(id: number): number {
    return this.slotOf(id) + heldCountWord
  }

  heldIndex(id: number): number {
    return (this.slotOf(id) + heldWord) >> 1
  }

  walkIndex(id: number): number {
    return (this.slotOf(id) + walkWord) >> 1
  }

  pinIndex(id: number): number {
    return (this.slotOf(id) + pinWord) >> 1
  }

  #raiseHighWater(id: number): void {
    const word = this.#base + highWaterWord
    let seen = Atomics.load(this.#i32, word)
    while (seen < id) {
      const found = Atomics.compareExchange(this.#i32, word, seen, id)
      if (found === seen) return
      seen = found
    }
  }
}
