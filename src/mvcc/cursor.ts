import { siteArea } from '../memory/layout.js'
import { loadFence, type SharedMemory } from '../memory/sharedMemory.js'
import type { Engine } from './engine.js'
import { compareKeys, entryLimit, type KeyBytes } from './index/block.js'
import type { Tree } from './index/tree.js'
import { awaitTuple } from './locking.js'
import type { MvccTransaction } from './transaction.js'
import {
  keyLengthOfMeta,
  stateMask,
  touchFirst,
  touchSecond,
  tupleHead,
  tupleKey,
  tupleKeyByte,
  wordState,
} from './tuple.js'
import { notWritten } from './writeSet.js'

/** How many entries are resolved at first, where it is not known how many will be asked for. */
const aheadMin = 8

/** A read-only transaction that walks over so many leaves becomes a held snapshot. */
const holdAfterLeaves = 64

/** A range of encoded keys. Bounds that are undefined are the table's ends. */
export interface Bounds {
  readonly lower: KeyBytes | undefined
  readonly isLowerExcluded: boolean
  readonly upper: KeyBytes | undefined
  readonly isUpperExcluded: boolean
  readonly isReverse: boolean
  /** How many keys will be asked for at most, if that is known. */
  readonly limit?: number | undefined
}

/**
 * What a cursor has found together: tuples that its transaction has written or sees a version of, and for
 * each the version, or -1 less the entry of the write set.
 */
interface Run {
  readonly tuples: Int32Array
  readonly found: Int32Array
}

const noRun: Run = { tuples: new Int32Array(0), found: new Int32Array(0) }
/** Of cursors that were closed: to be used again. */
const spareRuns: Run[] = []
const spareRunsMax = 8

function takeRun(): Run {
  return spareRuns.pop() ?? { tuples: new Int32Array(entryLimit), found: new Int32Array(entryLimit) }
}

/**
 * Walks the present keys of a range in order, as one transaction sees them, its own writes included.
 *
 * Each leaf is protected before its contents are read: from then on nobody below this tid can enter a key
 * into it, or write one of its tuples, because both check the leaf after they own the tuple. What was owned
 * before is seen as owned, and waited for. So no tuple's own stamp has to be raised.
 */
export class Cursor {
  /** The key that `showKey` has shown: `keySource` from `keyStart` to `keyEnd`. */
  keySource: Buffer
  keyStart = 0
  keyEnd = 0
  readonly #engine: Engine
  readonly #memory: SharedMemory
  readonly #i32: Int32Array
  readonly #fence: number
  readonly #tx: MvccTransaction
  readonly #tree: Tree
  readonly #bounds: Bounds
  readonly #step: 1 | -1
  /** Keeps what was fetched ahead, so that the fetch is not optimized away. */
  touched = 0
  #block = 0
  /** The entry to resolve next, and the one before or after which the leaf's part of the range ends. */
  #entry = 0
  #end = 0
  #run: Run = takeRun()
  #foundCount = 0
  /** The place in the run to show next. */
  #at = 0
  /** How many keys may still be asked for, and how many to resolve at once. */
  #left: number
  #ahead: number
  /** The leaf to enter next, going up; 0 before the first. */
  #leafAfter = 0
  #isLastLeaf = false
  #leafCount = 0
  /** Where a reverse walk goes on: below this key. */
  #below: KeyBytes | undefined

  constructor(engine: Engine, tx: MvccTransaction, tree: Tree, bounds: Bounds) {
    this.#engine = engine
    this.#memory = engine.memory
    this.#i32 = engine.memory.i32
    this.#fence = engine.context.area + siteArea.fence
    this.#tx = tx
    this.#tree = tree
    this.#bounds = bounds
    this.#step = bounds.isReverse ? -1 : 1
    this.#left = bounds.limit ?? Number.POSITIVE_INFINITY
    this.#ahead = bounds.limit === undefined ? aheadMin : entryLimit
    this.keySource = tx.source
  }

  /** Goes to the next present key; its value is then in the transaction's `source`. False at the end. */
  next(): boolean {
    do {
      while (this.#at < this.#foundCount) if (this.show(this.#at++)) return true
    } while (this.#advance())
    return false
  }

  /**
   * Goes to the next present keys, as many as were found together, and answers how many; 0 at the end.
   * `show`, `showKey` and `versionAt` are then about them, by their place.
   */
  nextRun(): number {
    while (this.#at === this.#foundCount) if (!this.#advance()) return 0
    this.#at = this.#foundCount
    return this.#foundCount
  }

  /** Nothing is asked of it any more. */
  close(): void {
    if (this.#run !== noRun && spareRuns.length < spareRunsMax) spareRuns.push(this.#run)
    this.#run = noRun
    this.#foundCount = this.#at = 0
  }

  /** As after `next`, for a place in the run. False if the transaction has deleted the key since. */
  show(place: number): boolean {
    const found = this.#run.found[place]!
    return found < 0 ? this.#tx.showWrite(-1 - found) : this.#tx.show(found)
  }

  /** The version at a place in the run; negative if it is a write of the transaction. */
  versionAt(place: number): number {
    return this.#run.found[place]!
  }

  /** Points `keySource`, `keyStart` and `keyEnd` at a key: that of the current entry, or of a place. */
  showKey(place: number = this.#at - 1): void {
    const tuple = this.#run.tuples[place]!
    this.keySource = this.#memory.windowOf(tuple)
    this.keyStart = this.#memory.offsetOf(tuple) + tupleKeyByte
    this.keyEnd = this.keyStart + keyLengthOfMeta(this.#i32[(tuple << 1) + tupleKey]!)
  }

  /** Resolves what is next of the leaf, or enters the next leaf. False at the range's end. */
  #advance(): boolean {
    this.#at = this.#foundCount = 0
    if (this.#entry === this.#end) {
      if (this.#isLastLeaf) return false
      if (this.#bounds.isReverse) this.#enterFromRight(this.#below)
      else this.#enterFromLeft(this.#leafAfter === 0 ? this.#firstLeaf() : this.#leafAfter)
      if (this.#tx.mayHold && ++this.#leafCount === holdAfterLeaves) this.#tx.hold()
    }
    const inLeaf = (this.#end - this.#entry) * this.#step
    const count = Math.min(inLeaf, this.#ahead, Math.max(this.#left, 1))
    this.#ahead *= 2
    this.#foundCount = this.#resolve(count)
    this.#left -= this.#foundCount
    return true
  }

  /**
   * Finds what the transaction sees of the next entries. The states of all their tuples are loaded before any
   * version is, and what lies beside them is touched, so that the processor fetches all of it together.
   *
   * These are plain loads between sequentially consistent operations: the states after the leaf's contents,
   * which are loaded after the leaf was protected; the heads after the fence.
   */
  #resolve(count: number): number {
    const i32 = this.#i32
    const { tuples } = this.#run
    const targets = this.#tree.reader.targetsOf(this.#block)
    let states = 0
    let touched = 0
    for (let i = 0, entry = this.#entry; i < count; i++, entry += this.#step) {
      const tuple = i32[targets + entry]!
      tuples[i] = tuple
      states |= i32[tuple << 1]!
      touched ^= i32[(tuple << 1) + touchFirst]! ^ i32[(tuple << 1) + touchSecond]!
    }
    this.touched = touched
    this.#entry += count * this.#step
    const isFree = (states & stateMask) === wordState.free
    if (isFree) loadFence(i32, this.#fence)
    return this.#see(isFree ? count : this.#settleAll(count))
  }

  /** Looks up what is seen of the tuples, and leaves out those that are absent. Answers how many are left. */
  #see(count: number): number {
    const tx = this.#tx
    if (tx.isHeld) return this.#seeInWalk(count)
    if (tx.writes.count !== 0) return this.#seeOneByOne(count)
    const { tuples, found } = this.#run
    let seen = 0
    for (let i = 0; i < count; i++) {
      const tuple = tuples[i]!
      const version = tx.visibleFrom(tuple, this.#i32[(tuple << 1) + tupleHead]!)
      if (version === 0) continue
      tuples[seen] = tuple
      found[seen++] = version
    }
    return seen
  }

  #seeOneByOne(count: number): number {
    const tx = this.#tx
    const { tuples, found } = this.#run
    let seen = 0
    for (let i = 0; i < count; i++) {
      const tuple = tuples[i]!
      const written = tx.writes.indexOf(tuple)
      const version = written === notWritten ? tx.visible(tuple) : -1 - written
      if (version === 0) continue
      tuples[seen] = tuple
      found[seen++] = version
    }
    return seen
  }

  /** Of a held snapshot, which writes nothing: all in one walk. */
  #seeInWalk(count: number): number {
    const { site } = this.#engine.context
    const { tuples, found } = this.#run
    let seen = 0
    site.beginWalk()
    try {
      for (let i = 0; i < count; i++) {
        const tuple = tuples[i]!
        const version = this.#tx.visibleInWalk(tuple)
        if (version === 0) continue
        tuples[seen] = tuple
        found[seen++] = version
      }
    } finally {
      site.endWalk()
    }
    return seen
  }

  /** Waits where that is needed, and leaves out what is dead. Answers how many tuples are left. */
  #settleAll(count: number): number {
    const { tuples } = this.#run
    const { writes } = this.#tx
    let settled = 0
    for (let i = 0; i < count; i++) {
      const tuple = tuples[i]!
      // Added just now, and not for this transaction to see. The word at 0 is no free state.
      if (tuple === 0) continue
      const isFree = (Atomics.load(this.#i32, tuple << 1) & stateMask) === wordState.free
      if (isFree || writes.indexOf(tuple) !== notWritten || this.#settle(tuple)) tuples[settled++] = tuple
    }
    return settled
  }

  /** Waits for an owner below this tid, and makes a locker commit above it. False if the tuple is dead. */
  #settle(tuple: number): boolean {
    const tx = this.#tx
    if (tx.locker !== 0) return awaitTuple(this.#engine, tx, tuple)
    const { u64 } = this.#memory
    const wait = tx.newWait()
    for (;;) {
      const word = Atomics.load(u64, tuple)
      const state = Number(word & 3n)
      if (state === wordState.dead) return false
      if (state === wordState.free || (state === wordState.owned && word > tx.stamp)) return true
      if (tx.passHolder(word, wait, 'a tuple')) return true
    }
  }

  #firstLeaf(): number {
    const { lower } = this.#bounds
    return lower === undefined
      ? this.#tree.firstLeaf()
      : this.#tree.findLeaf(lower.bytes, lower.start, lower.length)
  }

  #enterFromLeft(first: number): void {
    const { reader } = this.#tree
    const { lower, isLowerExcluded } = this.#bounds
    let leaf = first
    for (;;) {
      this.#tx.protectLeaf(leaf)
      const block = this.#tree.contentsOf(leaf)
      if (
        reader.isDead(block) ||
        (lower !== undefined && reader.isBeyond(block, lower.bytes, lower.start, lower.length))
      ) {
        leaf = this.#tree.rightOf(block)
        continue
      }
      this.#block = block
      this.#entry = lower === undefined ? 0 : this.#entryAt(block, lower, isLowerExcluded)
      this.#end = this.#upperEntry(block)
      if (this.#end < this.#entry) this.#end = this.#entry
      this.#leafAfter = this.#tree.rightOf(block)
      this.#isLastLeaf = this.#leafAfter === 0 || this.#coversUpper(block)
      return
    }
  }

  /** Enters the leaf of the keys below `below`, or at the range's upper end. */
  #enterFromRight(below: KeyBytes | undefined): void {
    const { reader } = this.#tree
    const { lower, isLowerExcluded } = this.#bounds
    for (;;) {
      const leaf = this.#leafBelow(below)
      this.#tx.protectLeaf(leaf)
      const block = this.#tree.contentsOf(leaf)
      const isMoved =
        below === undefined
          ? !this.#coversUpper(block) && this.#tree.rightOf(block) !== 0
          : reader.isAbove(block, below.bytes, below.start, below.length)
      if (isMoved) continue
      this.#block = block
      const end = below === undefined ? this.#upperEntry(block) : this.#entryAt(block, below, false)
      this.#entry = end - 1
      this.#end = (lower === undefined ? 0 : this.#entryAt(block, lower, isLowerExcluded)) - 1
      if (this.#entry < this.#end) this.#entry = this.#end
      const low = reader.lowOf(block)
      this.#below = low
      this.#isLastLeaf = low.length === 0 || (lower !== undefined && compareKeys(low, lower) <= 0)
      return
    }
  }

  #leafBelow(below: KeyBytes | undefined): number {
    if (below !== undefined) return this.#tree.findLeaf(below.bytes, below.start, below.length, true)
    const { upper, isUpperExcluded } = this.#bounds
    return upper === undefined
      ? this.#tree.lastLeaf()
      : this.#tree.findLeaf(upper.bytes, upper.start, upper.length, isUpperExcluded)
  }

  #coversUpper(block: number): boolean {
    const { upper, isUpperExcluded } = this.#bounds
    const { reader } = this.#tree
    if (upper === undefined) return this.#tree.rightOf(block) === 0
    return isUpperExcluded
      ? !reader.isAbove(block, upper.bytes, upper.start, upper.length)
      : !reader.isBeyond(block, upper.bytes, upper.start, upper.length)
  }

  #upperEntry(block: number): number {
    const { upper, isUpperExcluded } = this.#bounds
    return upper === undefined ? this.#tree.countOf(block) : this.#entryAt(block, upper, !isUpperExcluded)
  }

  /** The first entry at or after a key; with `isAfter`, after it. */
  #entryAt(block: number, key: KeyBytes, isAfter: boolean): number {
    const { reader } = this.#tree
    const entry = reader.lowerBound(block, key.bytes, key.start, key.length)
    if (!isAfter || entry >= this.#tree.countOf(block)) return entry
    return reader.compareEntry(block, entry, key.bytes, key.start, key.length) === 0 ? entry + 1 : entry
  }
}
