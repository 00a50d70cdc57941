import { blockKind, siteArea } from '../memory/layout.js'
import { siteOf, type Stamp } from '../tid/stamp.js'
import type { SiteContext } from './siteContext.js'
import { wordState } from './tuple.js'

/**
 * A locker: what a transaction in locking mode (two-phase locking, as GoTxn's) is known by in the words that
 * it holds.
 *
 *     word 0-1  floor: a stamp that the transaction will commit above; its low bit is `floorFrozen`
 *     word 2    address of the list of held tuples and leaves
 *     word 3    capacity of the list
 *     word 4    length of the list
 *     word 5    site
 *     word 6    next locker of the site
 *     word 8-9  age: stamp of the transaction's first attempt; the older may wait for the younger, never the
 *               reverse
 *
 * A transaction in locking mode takes its tid only when it commits. Until then readers pass: a reader at tid
 * t raises the floor to t and reads the newest version, which is what it must see if the holder commits above
 * t. Committing begins with freezing the floor in one compare-and-exchange; readers that come later wait for
 * the outcome.
 */
export const lockerFloor = 0
const listWord = 2
const capacityWord = 3
const lengthWord = 4
const siteWord = 5
const nextWord = 6
const ageIndex = 4

const lockerBytes = 48
const listCapacityMin = 28

export const floorFrozen = 1n

export function lockedWord(locker: number): bigint {
  return (BigInt(locker) << 2n) | BigInt(wordState.locked)
}

export function lockerOf(word: bigint): number {
  return Number(word >> 2n)
}

export function createLocker(context: SiteContext, age: Stamp): number {
  const { arena, memory, area, site } = context
  const i32 = memory.i32
  const locker = arena.allocate(blockKind.data, lockerBytes)
  const words = locker << 1
  memory.u64[locker] = 0n
  memory.u64[locker + ageIndex] = age
  i32[words + listWord] = 0
  i32[words + capacityWord] = 0
  i32[words + lengthWord] = 0
  i32[words + siteWord] = site.id
  i32[words + nextWord] = i32[area + siteArea.lockers]!
  i32[area + siteArea.lockers] = locker
  return locker
}

/**
 * Takes a locker that holds nothing any more off its site's list; it is freed like an index block. It is then
 * the block in hand, until the caller has queued it.
 */
export function dropLocker(context: SiteContext, area: number, locker: number): void {
  const i32 = context.memory.i32
  const list = i32[(locker << 1) + listWord]!
  const inHand = context.area + siteArea.blockInHand
  i32[(locker << 1) + lengthWord] = 0
  i32[(locker << 1) + listWord] = 0
  i32[inHand] = list
  if (list !== 0) context.arena.free(list)
  const next = i32[(locker << 1) + nextWord]!
  let previous = i32[area + siteArea.lockers]!
  if (previous === locker) {
    i32[area + siteArea.lockers] = next
  } else {
    while (i32[(previous << 1) + nextWord] !== locker) previous = i32[(previous << 1) + nextWord]!
    i32[(previous << 1) + nextWord] = next
  }
  i32[inHand] = locker
}

export function siteOfLocker(i32: Int32Array, locker: number): number {
  return i32[(locker << 1) + siteWord]!
}

/** The site of who owns, or has locked, a word. */
export function holderOf(i32: Int32Array, word: bigint): number {
  return Number(word & 3n) === wordState.locked ? siteOfLocker(i32, lockerOf(word)) : siteOf(word)
}

export function nextLocker(i32: Int32Array, locker: number): number {
  return i32[(locker << 1) + nextWord]!
}

export function ageOfLocker(u64: BigUint64Array, locker: number): Stamp {
  return u64[locker + ageIndex]!
}

/** Makes room for one more held word. */
export function reserveHold(context: SiteContext, locker: number): void {
  const { arena, memory } = context
  const i32 = memory.i32
  const words = locker << 1
  const capacity = i32[words + capacityWord]!
  const length = i32[words + lengthWord]!
  if (length < capacity) return
  const larger = Math.max(listCapacityMin, capacity * 2)
  const list = arena.allocate(blockKind.data, (larger + 4) * 4)
  const old = i32[words + listWord]!
  i32.copyWithin((list << 1) + 4, (old << 1) + 4, (old << 1) + 4 + length)
  i32[words + listWord] = list
  i32[words + capacityWord] = larger
  i32[context.area + siteArea.blockInHand] = old
  if (old !== 0) arena.free(old)
  i32[context.area + siteArea.blockInHand] = 0
}

/** Lists a tuple or leaf as held. Done before it is, so that a recoverer finds it. */
export function holdByLocker(context: SiteContext, locker: number, address: number): void {
  reserveHold(context, locker)
  const i32 = context.memory.i32
  const words = locker << 1
  const length = i32[words + lengthWord]!
  i32[(i32[words + listWord]! << 1) + 4 + length] = address
  i32[words + lengthWord] = length + 1
}

/** Raises the floor; false if it is frozen. */
export function raiseFloor(u64: BigUint64Array, locker: number, stamp: Stamp): boolean {
  let found = Atomics.load(u64, locker)
  for (;;) {
    if ((found & floorFrozen) !== 0n) return false
    if (found >= stamp) return true
    const was = Atomics.compareExchange(u64, locker, found, stamp)
    if (was === found) return true
    found = was
  }
}

/** From now on no reader passes. The answer is the floor. */
export function freezeFloor(u64: BigUint64Array, locker: number): Stamp {
  return Atomics.or(u64, locker, floorFrozen) & ~floorFrozen
}

/** Frees everything still held, as read or left at `stamp`, which is at or above the frozen floor. */
export function releaseHeld(i32: Int32Array, u64: BigUint64Array, locker: number, stamp: Stamp): void {
  const words = locker << 1
  const held = lockedWord(locker)
  const list = (i32[words + listWord]! << 1) + 4
  for (let i = i32[words + lengthWord]! - 1; i >= 0; i--) {
    const address = i32[list + i]!
    if (Atomics.load(u64, address) === held) Atomics.store(u64, address, stamp)
  }
}
