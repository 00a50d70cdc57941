import { siteArea } from '../../memory/layout.js'
import { type Stamp, stampNone } from '../../tid/stamp.js'
import { type KeyBuffer, keyStart } from '../keyBuffer.js'
import type { SiteContext } from '../siteContext.js'
import { stateMask, tupleLeaf, wordState } from '../tuple.js'
import { BlockReader, blockCount, blockLevel, blockRight, entryLimit } from './block.js'
import { BlockWriter, emptyKey, roomFor } from './blockWriter.js'
import { nodeContents, nodeLatch, raiseLeaf, tableRoot } from './node.js'
import { Remover } from './remover.js'
import { Splitter } from './splitter.js'
import { TreeChange } from './treeChange.js'

/** What `insert` and `remove` answer when a transaction in locking mode is in the way. */
export const leafLocked = 0
export const leafLockedNow = -1
/** What `findNear` answers when the key is elsewhere. */
export const notNear = -1

/**
 * The ordered index of one table: a B-link tree (Lehman and Yao, 1981) with immutable contents.
 *
 * Readers descend without latches: contents never change, but for entries added behind a leaf's last, and a
 * node that was split or emptied since leads on to its right sibling. A writer latches one leaf, builds new
 * contents, and publishes them with one store, or adds an entry where there is room for it.
 * The levels above change under the table's structure latch (`Splitter`, `Remover`). Everything replaced is
 * freed once no open transaction can see it.
 *
 * The tree holds every tuple of the table, present, absent or deleted alike; what a key's presence means is
 * up to versions.
 */
export class Tree {
  readonly reader: BlockReader
  readonly #i32: Int32Array
  readonly #context: SiteContext
  readonly #writer: BlockWriter
  /** The ways in which the tree changes; public for recoverers. */
  readonly change: TreeChange
  readonly splitter: Splitter
  readonly remover: Remover
  readonly #entry: number
  /** Where `findToInsert` has last looked, for the transaction opened at `#nearOpened`: the leaf, */
  #near = 0
  #nearOpened: Stamp = stampNone
  /** what it contained, the first entry not below the key, and the tuple there if it is of the key. */
  #nearBlock = 0
  #nearCount = 0
  #nearEntry = 0
  #nearTuple = 0
  /** What the leaf latched last contains. */
  #latchedBlock = 0
  /** The tuple that this site has entered last; it may be gone since. */
  #entered = 0

  /** `entry` is the first word of the table's catalog entry. */
  constructor(context: SiteContext, entry: number) {
    this.#context = context
    this.#i32 = context.memory.i32
    this.#entry = entry
    this.reader = new BlockReader(context.memory)
    this.#writer = new BlockWriter(this.reader, context.arena, context.area)
    this.change = new TreeChange(context, this.#writer, entry)
    this.splitter = new Splitter(this, this.change)
    this.remover = new Remover(this, this.change)
  }

  /** Makes the root of a new table: one empty leaf. The caller holds the catalog latch. */
  createRoot(): void {
    const node = this.change.newNode(0n)
    const parts = { level: 0, right: 0, low: emptyKey, high: undefined, targets: [], keys: [] }
    this.change.fillNewNode(node, this.#writer.build(parts))
    Atomics.store(this.#i32, this.#entry + tableRoot, node)
    this.#i32[this.#context.area + siteArea.indexNewNode] = 0
  }

  get root(): number {
    return Atomics.load(this.#i32, this.#entry + tableRoot)
  }

  contentsOf(node: number): number {
    return Atomics.load(this.#i32, (node << 1) + nodeContents)
  }

  rightOf(block: number): number {
    return this.#i32[(block << 1) + blockRight]!
  }

  levelOf(block: number): number {
    return this.#i32[(block << 1) + blockLevel]!
  }

  countOf(block: number): number {
    return this.#i32[(block << 1) + blockCount]!
  }

  /** The leaf that covers the key or, with `before`, the keys just below it. */
  findLeaf(key: Uint8Array, start: number, length: number, before = false): number {
    return this.findNode(0, key, start, length, before)
  }

  findNode(level: number, key: Uint8Array, start: number, length: number, before = false): number {
    let node = this.root
    for (;;) {
      const block = this.contentsOf(node)
      if (
        before
          ? this.reader.isAbove(block, key, start, length)
          : this.reader.isBeyond(block, key, start, length)
      ) {
        node = this.rightOf(block)
        continue
      }
      if (this.levelOf(block) === level) return node
      node = this.reader.targetOf(block, this.reader.childEntry(block, key, start, length, before))
    }
  }

  /** The leaf at the left end. */
  firstLeaf(): number {
    let node = this.root
    for (;;) {
      const block = this.contentsOf(node)
      if (this.reader.isDead(block)) node = this.rightOf(block)
      else if (this.levelOf(block) === 0) return node
      else node = this.reader.targetOf(block, 0)
    }
  }

  /** The leaf at the right end. */
  lastLeaf(): number {
    let node = this.root
    for (;;) {
      const block = this.contentsOf(node)
      const right = this.rightOf(block)
      if (right !== 0) node = right
      else if (this.levelOf(block) === 0) return node
      else node = this.reader.targetOf(block, this.countOf(block) - 1)
    }
  }

  /** The tuple of the key in these contents, or 0. */
  tupleIn(block: number, key: KeyBuffer): number {
    const count = this.countOf(block)
    return this.#tupleAt(block, this.reader.lowerBound(block, key.bytes, keyStart, key.length), count, key)
  }

  /** The tuple of the key, or 0. */
  find(key: KeyBuffer): number {
    return this.findToInsert(key, stampNone)
  }

  /** As `find`, for the open transaction of this stamp, which may go on to `insert` the key. */
  findToInsert(key: KeyBuffer, opened: Stamp): number {
    let leaf = this.findLeaf(key.bytes, keyStart, key.length)
    let block = this.contentsOf(leaf)
    while (this.reader.isBeyond(block, key.bytes, keyStart, key.length)) {
      leaf = this.rightOf(block)
      block = this.contentsOf(leaf)
    }
    this.#near = leaf
    this.#nearOpened = opened
    return this.#findIn(block, key)
  }

  /**
   * As `findToInsert`, if the key belongs to the leaf where that has last found something for the same
   * transaction; otherwise `notNear`. Leaves and blocks that an open transaction has seen are not freed.
   */
  findNear(key: KeyBuffer, opened: Stamp): number {
    if (this.#nearOpened !== opened) return notNear
    const block = this.contentsOf(this.#near)
    if (this.reader.isBeyond(block, key.bytes, keyStart, key.length)) return notNear
    if (this.#isBehindLast(block, key)) return 0
    if (this.reader.isBelow(block, key.bytes, keyStart, key.length)) return notNear
    return this.#findIn(block, key)
  }

  /** Whether `insert` has put its key last in this block, and the given one comes after it. */
  #isBehindLast(block: number, key: KeyBuffer): boolean {
    const count = this.#nearCount
    if (
      block !== this.#nearBlock ||
      this.#nearEntry !== count ||
      count === 0 ||
      this.countOf(block) !== count
    )
      return false
    const last = this.reader.targetOf(block, count - 1)
    return this.reader.compareTuple(last, key.bytes, keyStart, key.length) < 0
  }

  #findIn(block: number, key: KeyBuffer): number {
    const count = this.countOf(block)
    const entry = this.reader.lowerBound(block, key.bytes, keyStart, key.length)
    this.#nearBlock = block
    this.#nearCount = count
    this.#nearEntry = entry
    this.#nearTuple = this.#tupleAt(block, entry, count, key)
    return this.#nearTuple
  }

  /** The tuple of the key, which can only be at this entry, or 0. */
  #tupleAt(block: number, entry: number, count: number, key: KeyBuffer): number {
    const tuple = entry < count ? this.reader.targetOf(block, entry) : 0
    if (tuple === 0) return 0
    return this.reader.compareTuple(tuple, key.bytes, keyStart, key.length) === 0 ? tuple : 0
  }

  /**
   * Enters a tuple that has no versions yet; `findToInsert` has just not found its key, and `opened` is the
   * stamp that it was given. The answer is the tuple, or the live one already there, or
   * `leafLocked` if the leaf must be split and a transaction in locking mode, other than `locker`, holds it.
   */
  insert(tuple: number, key: KeyBuffer, locker: number, opened: Stamp = stampNone): number {
    const near = opened !== stampNone && this.#nearOpened === opened ? this.#near : 0
    const leaf = this.latchLeaf(key.bytes, key.length, near)
    const block = this.#latchedBlock
    const count = this.countOf(block)
    if (near === 0 || block !== this.#nearBlock || count !== this.#nearCount) this.#findIn(block, key)
    const entry = this.#nearEntry
    const there = this.#nearTuple
    const isThere = there !== 0
    if (isThere && (Atomics.load(this.#i32, there << 1) & stateMask) !== wordState.dead) {
      this.unlatch(leaf)
      return there
    }
    const isInSequence =
      entry > 0 &&
      (this.reader.targetOf(block, entry - 1) === this.#entered ||
        (entry === count && this.reader.isOfSequence(block)))
    this.#entered = tuple
    if (!isThere && count >= entryLimit)
      return this.splitter.split(leaf, entry, tuple, { locker, isInSequence }) ? tuple : leafLocked
    this.#i32[(tuple << 1) + tupleLeaf] = leaf
    if (entry === count && this.#writer.appendTuple(block, tuple)) {
      this.unlatch(leaf)
      this.#nearCount = this.#nearEntry = count + 1
      this.#nearTuple = 0
      return tuple
    }
    const room = isInSequence && entry === count ? roomFor(count + 1) : 0
    this.#replace(leaf, () =>
      isThere
        ? this.#writer.replaceTuple(block, entry, tuple)
        : this.#writer.insertTuple(block, entry, tuple, room),
    )
    return tuple
  }

  /**
   * Makes an absent tuple that the caller owns dead, and takes it out. Whoever makes its key anew must commit
   * above those that read its absence: the leaf takes over `readAt`. The answer is the leaf if it is empty
   * now, 0 if it is not, or `leafLockedNow`, with nothing changed.
   */
  remove(tuple: number, key: KeyBuffer, readAt: bigint): number {
    const leaf = this.latchLeaf(key.bytes, key.length)
    const block = this.#latchedBlock
    const entry = this.reader.lowerBound(block, key.bytes, keyStart, key.length)
    if (entry >= this.countOf(block) || this.reader.targetOf(block, entry) !== tuple) {
      this.unlatch(leaf)
      return 0
    }
    const { i32, u64 } = this.#context.memory
    if (!raiseLeaf(i32, u64, leaf, readAt)) {
      this.unlatch(leaf)
      return leafLockedNow
    }
    const word = Atomics.exchange(u64, tuple, BigInt(wordState.dead))
    try {
      this.#replace(leaf, () => this.#writer.removeTuple(block, entry))
    } catch (error) {
      // Alive again, and absent as before.
      Atomics.store(u64, tuple, word)
      throw error
    }
    return this.countOf(block) === 1 ? leaf : 0
  }

  /**
   * Latches the leaf that covers the key (at `keyStart` of `bytes`), which is `near` or one right of it, if
   * that is given. Which leaf, is noted first, for a recoverer.
   */
  latchLeaf(bytes: Uint8Array, length: number, near = 0): number {
    const { area, latches } = this.#context
    let leaf = near === 0 ? this.findLeaf(bytes, keyStart, length) : near
    this.#i32[area + siteArea.indexEntry] = this.#entry
    for (;;) {
      this.#i32[area + siteArea.indexLatched] = leaf
      try {
        latches.acquire((leaf << 1) + nodeLatch)
      } catch (error) {
        this.#i32[area + siteArea.indexLatched] = 0
        throw error
      }
      const block = this.contentsOf(leaf)
      this.#latchedBlock = block
      // Of the block near by it is known.
      if (near !== 0 && block === this.#nearBlock) return leaf
      if (!this.reader.isBeyond(block, bytes, keyStart, length)) return leaf
      this.unlatch(leaf)
      leaf = this.rightOf(block)
    }
  }

  /** For a recoverer, of a leaf that the dead had latched: forgets an entry that it was adding. */
  dropUncounted(leaf: number): void {
    this.#writer.clearUnused(this.contentsOf(leaf))
  }

  unlatch(leaf: number): void {
    this.#context.latches.release((leaf << 1) + nodeLatch)
    this.#i32[this.#context.area + siteArea.indexLatched] = 0
  }

  /** Publishes new contents of a latched leaf, and unlatches it. */
  #replace(leaf: number, build: () => number): void {
    try {
      this.#context.arena.withReserve(() => this.change.publish(leaf, build()))
    } catch (error) {
      this.change.abandon()
      throw error
    } finally {
      this.unlatch(leaf)
    }
  }
}
