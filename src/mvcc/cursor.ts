import type { SharedMemory } from '../memory/sharedMemory.js'
import type { Engine } from './engine.js'
import { compareKeys, entryLimit, type KeyBytes } from './index/block.js'
import type { Tree } from './index/tree.js'
import { awaitTuple } from './locking.js'
import type { MvccTransaction } from './transaction.js'
import { keyLengthOfMeta, stateMask, tupleKey, tupleKeyByte, wordState } from './tuple.js'
import { notWritten } from './writeSet.js'

/** A read-only transaction that walks over so many leaves becomes a held snapshot. */
const holdAfterLeaves = 64

/** A range of encoded keys. Bounds that are undefined are the table's ends. */
export interface Bounds {
  readonly lower: KeyBytes | undefined
  readonly isLowerExcluded: boolean
  readonly upper: KeyBytes | undefined
  readonly isUpperExcluded: boolean
  readonly isReverse: boolean
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
  readonly #tx: MvccTransaction
  readonly #tree: Tree
  readonly #bounds: Bounds
  #tuple = 0
  #block = 0
  /** The entry to look at next, and the one before or after which the leaf's part of the range ends. */
  #entry = 0
  #end = 0
  /** Of a held snapshot: the visible version of each entry of the leaf's part, 0 where there is none. */
  #versions: Int32Array | undefined
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
    this.#tx = tx
    this.#tree = tree
    this.#bounds = bounds
    this.keySource = tx.source
  }

  /** Goes to the next present key; its value is then in the transaction's `source`. False at the end. */
  next(): boolean {
    const step = this.#bounds.isReverse ? -1 : 1
    for (;;) {
      while (this.#entry !== this.#end) {
        const entry = this.#entry
        const tuple = this.#tree.reader.targetOf(this.#block, entry)
        this.#entry += step
        if (this.#show(tuple, entry)) {
          this.#tuple = tuple
          return true
        }
      }
      if (this.#isLastLeaf) return false
      if (this.#bounds.isReverse) this.#enterFromRight(this.#below)
      else this.#enterFromLeft(this.#leafAfter === 0 ? this.#firstLeaf() : this.#leafAfter)
      if (this.#tx.mayHold && ++this.#leafCount === holdAfterLeaves) this.#tx.hold()
      if (this.#tx.isHeld) this.#walkLeaf(step)
    }
  }

  #show(tuple: number, entry: number): boolean {
    const tx = this.#tx
    if (this.#versions !== undefined) return tx.show(this.#versions[entry]!)
    if (tx.writes.count !== 0) {
      const written = tx.writes.indexOf(tuple)
      if (written !== notWritten) return tx.showWrite(written)
    }
    if ((Atomics.load(this.#i32, tuple << 1) & stateMask) !== wordState.free && !this.#settle(tuple))
      return false
    return tx.show(tx.visible(tuple))
  }

  /** Finds all that a held snapshot sees of the leaf in one walk. */
  #walkLeaf(step: number): void {
    const tx = this.#tx
    const { site } = this.#engine.context
    const versions = (this.#versions ??= new Int32Array(entryLimit))
    site.beginWalk()
    try {
      for (let entry = this.#entry; entry !== this.#end; entry += step) {
        const tuple = this.#tree.reader.targetOf(this.#block, entry)
        const isFree = (Atomics.load(this.#i32, tuple << 1) & stateMask) === wordState.free
        versions[entry] = isFree || this.#settle(tuple) ? tx.visibleInWalk(tuple) : 0
      }
    } finally {
      site.endWalk()
    }
  }

  /** Points `keySource`, `keyStart` and `keyEnd` at the current entry's key. */
  showKey(): void {
    const tuple = this.#tuple
    this.keySource = this.#memory.windowOf(tuple)
    this.keyStart = this.#memory.offsetOf(tuple) + tupleKeyByte
    this.keyEnd = this.keyStart + keyLengthOfMeta(this.#i32[(tuple << 1) + tupleKey]!)
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
