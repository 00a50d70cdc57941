import { isLackOfRoom } from '../../memory/errors.js'
import { siteArea } from '../../memory/layout.js'
import { holdByLocker } from '../locker.js'
import { tupleLeaf, wordState } from '../tuple.js'
import { entryLimit, type KeyBytes } from './block.js'
import { type BlockParts, commonPrefix, emptyKey, roomFor, withEntry } from './blockWriter.js'
import { nodeContents, nodeLatch, tableRoot } from './node.js'
import type { Tree } from './tree.js'
import { copyOf, type TreeChange } from './treeChange.js'

/** Splits full nodes. A split whose left half is published and whose rest is owed is noted in `indexNode`. */
export class Splitter {
  readonly #tree: Tree
  readonly #change: TreeChange

  constructor(tree: Tree, change: TreeChange) {
    this.#tree = tree
    this.#change = change
  }

  /**
   * Enters a tuple into a full leaf, which is latched, by splitting it; unlatches it. False, with nothing
   * changed, if the leaf is locked by another locker.
   */
  split(leaf: number, entry: number, tuple: number, { locker, isInSequence }: SplitOptions): boolean {
    const state = this.#change.beginSplitting(leaf, locker)
    if (state === undefined) {
      this.#tree.unlatch(leaf)
      return false
    }
    try {
      this.#publishSplit(leaf, entry, tuple, isInSequence)
    } catch (error) {
      this.#change.abandon()
      if (state === wordState.free) this.#change.endSplitting(leaf)
      this.#tree.unlatch(leaf)
      throw error
    }
    this.finishSplit(leaf)
    return true
  }

  /**
   * The second half of a split whose left half is published; also a recoverer's way to complete it. Until the
   * leaf is no longer `leafSplitting`, writers that check its stamp, or the new leaf's through a moved tuple,
   * wait.
   */
  finishSplit(leaf: number): void {
    const tree = this.#tree
    const i32 = this.#change.i32
    const right = tree.rightOf(tree.contentsOf(leaf))
    const block = tree.contentsOf(right)
    // Readers may have raised the old leaf, for keys that are now the new one's, until the split was
    // published.
    this.#change.inheritStamp(right, leaf)
    for (let i = tree.countOf(block) - 1; i >= 0; i--) {
      const moved = (tree.reader.targetOf(block, i) << 1) + tupleLeaf
      if (i32[moved] === leaf) i32[moved] = right
    }
    const low = copyOf(tree.reader.lowOf(block))
    const stamp = Atomics.load(this.#change.u64, right)
    if (Number(stamp & 3n) === wordState.locked)
      holdByLocker(this.#change.context, Number(stamp >> 2n), right)
    this.#change.endSplitting(leaf)
    this.#change.retireOldBlock()
    this.#change.context.latches.release((right << 1) + nodeLatch)
    tree.unlatch(leaf)
    this.#postSeparatorIfPossible(low, right)
    i32[this.#change.area + siteArea.indexNode] = 0
  }

  /** For a recoverer: the way to a leaf that a split has made, if it is still missing. */
  completeSplit(leaf: number): void {
    const tree = this.#tree
    const right = tree.rightOf(tree.contentsOf(leaf))
    if (right !== 0) this.#postSeparatorIfPossible(copyOf(tree.reader.lowOf(tree.contentsOf(right))), right)
  }

  /**
   * Makes the root the only node of its level, if a split of it is known by its right link alone. The
   * structure latch is held.
   */
  completeRoot(): void {
    const tree = this.#tree
    const block = tree.contentsOf(tree.root)
    const right = tree.rightOf(block)
    if (right === 0) return
    const low = copyOf(tree.reader.lowOf(tree.contentsOf(right)))
    this.#growRoot(tree.levelOf(block) + 1, tree.root, low, right)
  }

  #publishSplit(leaf: number, entry: number, tuple: number, isInSequence: boolean): void {
    const tree = this.#tree
    const i32 = this.#change.i32
    const { writer } = this.#change
    const old = tree.contentsOf(leaf)
    const isAtEnd = entry === tree.countOf(old)
    const { left, right } = isAtEnd
      ? this.#cutAtEnd(old, tuple, isInSequence)
      : this.#cut(old, entry, tuple, isInSequence)
    this.#change.context.retired.reserve()
    const node = this.#change.newNode(Atomics.load(this.#change.u64, leaf))
    i32[(node << 1) + nodeLatch] = this.#change.context.site.id
    this.#change.fillNewNode(node, writer.build(right))
    const leftBlock = isAtEnd
      ? writer.copyOfLeaf(old, { right: node, high: right.low })
      : writer.build({ ...left!, right: node })
    i32[(tuple << 1) + tupleLeaf] = right.targets.includes(tuple) ? node : leaf
    Atomics.store(i32, (leaf << 1) + nodeContents, leftBlock)
    i32[this.#change.area + siteArea.indexNewBlock] = 0
    i32[this.#change.area + siteArea.indexNewNode] = 0
    i32[this.#change.area + siteArea.indexOldBlock] = old
    i32[this.#change.area + siteArea.indexNode] = leaf
  }

  #cut(
    old: number,
    entry: number,
    tuple: number,
    isInSequence: boolean,
  ): { left: BlockParts; right: BlockParts } {
    const key = this.#tree.reader.keyOfTuple(tuple)
    const whole = withEntry(this.#change.writer.partsOf(old), entry, tuple, key)
    const at = cutPlace(whole, entry, isInSequence)
    const { left, right } = cut(whole, at)
    return { left: { ...left, room: at === entry + 1 ? roomFor(at) : 0 }, right }
  }

  /** Of a tuple above all others of a leaf: it alone is on the right. */
  #cutAtEnd(old: number, tuple: number, isInSequence: boolean): { left: undefined; right: BlockParts } {
    const { reader } = this.#tree
    const key = reader.keyOfTuple(tuple)
    const last = reader.keyOfTuple(reader.targetOf(old, this.#tree.countOf(old) - 1))
    const right: BlockParts = {
      level: 0,
      right: this.#tree.rightOf(old),
      low: separatorOf(last, key),
      high: reader.highOf(old),
      targets: [tuple],
      keys: [key],
      room: isInSequence ? roomFor(1) : 0,
    }
    return { left: undefined, right }
  }

  /**
   * The split is complete without the separator: its keys are found by the right link, one step later. So
   * neither a lack of memory nor a stuck structure latch may undo the insertion, which is published.
   */
  #postSeparatorIfPossible(low: KeyBytes, child: number): void {
    try {
      this.#change.underStructureLatch(() => {
        this.#tree.remover.complete()
        this.#postSeparator(1, low, child)
      })
    } catch (error) {
      if (!isLackOfRoom(error)) throw error
    }
  }

  /** Enters, at a level, the way to a node whose keys begin at `low`. The structure latch is held. */
  #postSeparator(level: number, low: KeyBytes, child: number): void {
    const tree = this.#tree
    if (tree.reader.isDead(tree.contentsOf(child))) return
    const root = tree.root
    if (tree.levelOf(tree.contentsOf(root)) < level) {
      this.#growRoot(level, root, low, child)
      return
    }
    const node = tree.findNode(level, low.bytes, low.start, low.length)
    const block = tree.contentsOf(node)
    const entry = tree.reader.lowerBound(block, low.bytes, low.start, low.length)
    if (
      entry < tree.countOf(block) &&
      tree.reader.compareEntry(block, entry, low.bytes, low.start, low.length) === 0
    )
      return
    if (tree.countOf(block) < entryLimit) {
      this.#change.publish(node, this.#change.writer.insertSeparator(block, entry, child, low))
      return
    }
    const whole = withEntry(this.#change.writer.partsOf(block), entry, child, low)
    const { left, right } = cut(whole, cutPlace(whole, entry, false))
    const sibling = this.#change.newNode(0n)
    this.#change.fillNewNode(sibling, this.#change.writer.build(right))
    this.#change.publish(node, this.#change.writer.build({ ...left, right: sibling }))
    this.#postSeparator(level + 1, copyOf(right.low), sibling)
  }

  #growRoot(level: number, root: number, low: KeyBytes, child: number): void {
    const parts: BlockParts = {
      level,
      right: 0,
      low: emptyKey,
      high: undefined,
      targets: [root, child],
      keys: [emptyKey, low],
    }
    const node = this.#change.newNode(0n)
    this.#change.fillNewNode(node, this.#change.writer.build(parts))
    Atomics.store(this.#change.i32, this.#change.entry + tableRoot, node)
    this.#change.i32[this.#change.area + siteArea.indexNewNode] = 0
  }
}

export interface SplitOptions {
  readonly locker: number
  /** Whether the key follows the one that this site has entered last. */
  readonly isInSequence: boolean
}

/**
 * Where to cut a node that has one entry too many: in the middle, unless keys come in their order. Behind the
 * last of these, then: what they have filled stays full, in the middle of a table as at its end.
 */
function cutPlace({ targets }: BlockParts, entry: number, isInSequence: boolean): number {
  const count = targets.length
  if (entry === count - 1) return count - 1
  return isInSequence ? entry + 1 : count >>> 1
}

function cut(whole: BlockParts, at: number): { left: BlockParts; right: BlockParts } {
  const first = whole.keys[at]!
  const separator = whole.level > 0 ? first : separatorOf(whole.keys[at - 1]!, first)
  const left = {
    ...whole,
    high: separator,
    targets: whole.targets.slice(0, at),
    keys: whole.keys.slice(0, at),
  }
  const right = { ...whole, low: separator, targets: whole.targets.slice(at), keys: whole.keys.slice(at) }
  return { left, right }
}

/** The shortest key that is above `last` and not above `first`. */
function separatorOf(last: KeyBytes, first: KeyBytes): KeyBytes {
  return { ...first, length: Math.min(first.length, commonPrefix(last, first) + 1) }
}
