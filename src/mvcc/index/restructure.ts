import { MemoryFullError } from '../../memory/errors.js'
import { blockKind, removalLatchCount, siteArea } from '../../memory/layout.js'
import { holdByLocker, reserveHold } from '../locker.js'
import { retiredKind } from '../retired.js'
import type { SiteContext } from '../siteContext.js'
import { stateMask, tupleLeaf, wordState } from '../tuple.js'
import { entryLimit, type KeyBytes } from './block.js'
import { type BlockParts, type BlockWriter, commonPrefix, emptyKey } from './blockWriter.js'
import { leafSplitting, nodeBytes, nodeContents, nodeLatch, tableRoot, tableStructureLatch } from './node.js'
import type { Tree } from './tree.js'

/**
 * Splits nodes and removes empty ones: every change of the tree that concerns more than one leaf.
 *
 * Latches are taken left to right; the structure latch of the table is taken with no leaf latched, and leaves may be
 * latched under it. What a step has made and not yet published is noted in the site's area (`indexNew...`), what it has
 * replaced and not yet retired in `indexOldBlock`, and a split whose second half is owed in `indexNode`.
 */
export class Restructure {
  readonly #context: SiteContext
  readonly #i32: Int32Array
  readonly #u64: BigUint64Array
  readonly #area: number
  readonly #tree: Tree
  readonly #writer: BlockWriter
  readonly #entry: number

  constructor(context: SiteContext, tree: Tree, writer: BlockWriter, entry: number) {
    this.#context = context
    this.#i32 = context.memory.i32
    this.#u64 = context.memory.u64
    this.#area = context.area
    this.#tree = tree
    this.#writer = writer
    this.#entry = entry
  }

  /** Replaces a node's contents, and retires the old. */
  publish(node: number, block: number): void {
    const i32 = this.#i32
    this.#context.retired.reserve()
    const contents = (node << 1) + nodeContents
    const old = i32[contents]!
    Atomics.store(i32, contents, block)
    i32[this.#area + siteArea.indexNewBlock] = 0
    i32[this.#area + siteArea.indexNewNode] = 0
    i32[this.#area + siteArea.indexOldBlock] = old
    this.retireOldBlock()
  }

  retireOldBlock(): void {
    const old = this.#i32[this.#area + siteArea.indexOldBlock]!
    this.#context.retired.push(retiredKind.block, old, this.#context.site.retireStamp())
    this.#i32[this.#area + siteArea.indexOldBlock] = 0
  }

  /**
   * Enters a tuple into a full leaf, which is latched, by splitting it; unlatches it. False, with nothing changed, if
   * the leaf is locked by another locker.
   */
  split(leaf: number, entry: number, tuple: number, locker: number): boolean {
    const state = this.#beginSplit(leaf, locker)
    if (state === undefined) {
      this.#tree.unlatch(leaf)
      return false
    }
    try {
      this.#publishSplit(leaf, entry, tuple)
    } catch (error) {
      this.abandon()
      if (state === wordState.free) this.endSplitting(leaf)
      this.#tree.unlatch(leaf)
      throw error
    }
    this.finishSplit(leaf)
    return true
  }

  /**
   * The second half of a split whose left half is published; also a recoverer's way to complete it. Until the leaf is
   * no longer `splitting`, writers that check its stamp, or the new leaf's through a moved tuple, wait.
   */
  finishSplit(leaf: number): void {
    const tree = this.#tree
    const i32 = this.#i32
    const right = tree.rightOf(tree.contentsOf(leaf))
    const block = tree.contentsOf(right)
    this.#inheritStamp(right, leaf)
    for (let i = tree.countOf(block) - 1; i >= 0; i--) {
      const moved = (tree.reader.targetOf(block, i) << 1) + tupleLeaf
      if (i32[moved] === leaf) i32[moved] = right
    }
    const low = copyOf(tree.reader.lowOf(block))
    const stamp = Atomics.load(this.#u64, right)
    if (Number(stamp & 3n) === wordState.locked) holdByLocker(this.#context, Number(stamp >> 2n), right)
    this.endSplitting(leaf)
    this.retireOldBlock()
    this.#context.latches.release((right << 1) + nodeLatch)
    tree.unlatch(leaf)
    this.#postSeparatorIfRoom(low, right)
    i32[this.#area + siteArea.indexNode] = 0
  }

  /** For a recoverer: the way to a leaf that a split has made, if it is still missing. */
  completeSplit(leaf: number): void {
    const tree = this.#tree
    const right = tree.rightOf(tree.contentsOf(leaf))
    if (right !== 0) this.#postSeparatorIfRoom(copyOf(tree.reader.lowOf(tree.contentsOf(right))), right)
  }

  /** The split is complete without the separator: its keys are found by the right link, one step later. */
  #postSeparatorIfRoom(low: KeyBytes, child: number): void {
    try {
      this.#underStructureLatch(() => this.#postSeparator(1, low, child))
    } catch (error) {
      if (!(error instanceof MemoryFullError)) throw error
    }
  }

  removeEmptyLeaf(leaf: number): boolean {
    return this.#underStructureLatch(() => this.#removeNode(leaf, 0))
  }

  /** For a recoverer, who has taken over the latches of the dead: the rest of the removal of a node. */
  completeRemoval(node: number, level: number): void {
    const tree = this.#tree
    const block = tree.contentsOf(node)
    if (!tree.reader.isDead(block)) return
    const low = copyOf(tree.reader.lowOf(block))
    this.#unlink(node, level, low)
    this.#forget(node, level, low)
  }

  /** Sets the leaf `splitting`. The answer is its state before, or undefined if it is locked by another. */
  #beginSplit(leaf: number, locker: number): number | undefined {
    for (;;) {
      const found = Atomics.load(this.#u64, leaf)
      if ((Number(found & 3n) & stateMask) === wordState.locked) {
        return Number(found >> 2n) === locker ? wordState.locked : undefined
      }
      if (Atomics.compareExchange(this.#u64, leaf, found, found | BigInt(leafSplitting)) === found) return wordState.free
    }
  }

  #publishSplit(leaf: number, entry: number, tuple: number): void {
    const tree = this.#tree
    const i32 = this.#i32
    const old = tree.contentsOf(leaf)
    const { left, right } = cut(this.#writer.partsOf(old), entry, tuple, tree.reader.keyOfTuple(tuple))
    this.#context.retired.reserve()
    const node = this.#newNode(Atomics.load(this.#u64, leaf))
    i32[(node << 1) + nodeLatch] = this.#context.site.id
    const rightBlock = this.#writer.build(right)
    i32[(node << 1) + nodeContents] = rightBlock
    i32[this.#area + siteArea.indexNewBlock] = 0
    const leftBlock = this.#writer.build({ ...left, right: node })
    i32[(tuple << 1) + tupleLeaf] = right.targets.includes(tuple) ? node : leaf
    Atomics.store(i32, (leaf << 1) + nodeContents, leftBlock)
    i32[this.#area + siteArea.indexNewBlock] = 0
    i32[this.#area + siteArea.indexNewNode] = 0
    i32[this.#area + siteArea.indexOldBlock] = old
    i32[this.#area + siteArea.indexNode] = leaf
  }

  #newNode(stamp: bigint): number {
    const node = this.#context.arena.allocate(blockKind.data, nodeBytes)
    const i32 = this.#i32
    i32[this.#area + siteArea.indexNewNode] = node
    const isLocked = Number(stamp & 3n) === wordState.locked
    if (isLocked) reserveHold(this.#context, Number(stamp >> 2n))
    this.#u64[node] = isLocked ? stamp : stamp & ~3n
    i32[(node << 1) + nodeContents] = 0
    i32[(node << 1) + nodeLatch] = 0
    return node
  }

  /** Readers may have raised the old leaf's stamp, for keys that are now the new one's, until the split was published. */
  #inheritStamp(to: number, from: number): void {
    const stamp = Atomics.load(this.#u64, from)
    if (Number(stamp & 3n) === wordState.locked) return
    this.#raise(to, stamp & ~3n)
  }

  #raise(leaf: number, stamp: bigint): void {
    for (;;) {
      const found = Atomics.load(this.#u64, leaf)
      if (found >= stamp || Number(found & 3n) === wordState.locked) return
      if (Atomics.compareExchange(this.#u64, leaf, found, stamp | (found & 3n)) === found) return
    }
  }

  endSplitting(leaf: number): void {
    for (;;) {
      const found = Atomics.load(this.#u64, leaf)
      if (Number(found & 3n) !== leafSplitting) return
      if (Atomics.compareExchange(this.#u64, leaf, found, found & ~3n) === found) return
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
    if (entry < tree.countOf(block) && tree.reader.compareEntry(block, entry, low.bytes, low.start, low.length) === 0) return
    const parts = this.#writer.partsOf(block)
    if (parts.targets.length < entryLimit) {
      this.publish(node, this.#writer.build(withEntry(parts, entry, child, low)))
      return
    }
    const { left, right } = cut(parts, entry, child, low)
    const sibling = this.#newNode(0n)
    this.#i32[(sibling << 1) + nodeContents] = this.#writer.build(right)
    this.#i32[this.#area + siteArea.indexNewBlock] = 0
    const leftBlock = this.#writer.build({ ...left, right: sibling })
    this.publish(node, leftBlock)
    this.#postSeparator(level + 1, copyOf(right.low), sibling)
  }

  #growRoot(level: number, root: number, low: KeyBytes, child: number): void {
    const parts: BlockParts = { level, right: 0, low: emptyKey, high: undefined, targets: [root, child], keys: [emptyKey, low] }
    const node = this.#newNode(0n)
    this.#i32[(node << 1) + nodeContents] = this.#writer.build(parts)
    this.#i32[this.#area + siteArea.indexNewBlock] = 0
    Atomics.store(this.#i32, this.#entry + tableRoot, node)
    this.#i32[this.#area + siteArea.indexNewNode] = 0
  }

  /**
   * Takes a node without entries out of its level: its right sibling takes over its keys, its left sibling gets a new
   * right link, and whoever comes to the dead node by an old link goes on to the right. Free at empty (Johnson and Shasha,
   * 1989): nodes that are only sparse stay. False if it cannot be now.
   */
  #removeNode(node: number, level: number): boolean {
    const tree = this.#tree
    const block = tree.contentsOf(node)
    const right = tree.rightOf(block)
    if (right === 0 || tree.reader.isDead(block)) return true
    const low = copyOf(tree.reader.lowOf(block))
    const left = this.#leftOf(node, level, low)
    if (level === 0 && !this.#latchAll(left === 0 ? [node, right] : [left, node, right])) return false
    try {
      if (level === 0 && (tree.countOf(tree.contentsOf(node)) !== 0 || this.#isLocked(node) || this.#isLocked(right))) return false
      this.#i32[this.#area + siteArea.indexRemovedLevel] = level
      this.#i32[this.#area + siteArea.indexRemoved] = node
      this.#unlink(node, level, low)
    } finally {
      if (level === 0) this.unlatchAll()
    }
    this.#forget(node, level, low)
    return true
  }

  /** The siblings close the gap. The right one first: the node's contents stay valid, for it is empty, until it is dead. */
  #unlink(node: number, level: number, low: KeyBytes): void {
    const tree = this.#tree
    const right = tree.rightOf(tree.contentsOf(node))
    const left = this.#leftOf(node, level, low)
    this.publish(right, this.#writer.withBounds(tree.contentsOf(right), { low }))
    this.publish(node, this.#writer.buildDead(low, right))
    if (level === 0) this.#inheritStamp(right, node)
    if (left !== 0) this.publish(left, this.#writer.withBounds(tree.contentsOf(left), { right }))
  }

  /** The levels above let go of a dead node, and it is retired. */
  #forget(node: number, level: number, low: KeyBytes): void {
    const tree = this.#tree
    const { retired, site } = this.#context
    const emptied = this.#dropChild(level + 1, low, node, tree.rightOf(tree.contentsOf(node)))
    retired.reserve(2)
    retired.push(retiredKind.block, tree.contentsOf(node), site.retireStamp())
    retired.push(retiredKind.block, node, site.retireStamp())
    this.#i32[this.#area + siteArea.indexRemoved] = 0
    if (emptied !== 0) this.#removeNode(emptied, level + 1)
  }

  /**
   * The parent's entry for a removed child leads to the child's right sibling; or goes, if that has one of its own. The
   * answer is the parent if that has no child of its own any more, or 0.
   */
  #dropChild(level: number, low: KeyBytes, child: number, right: number): number {
    const tree = this.#tree
    const parent = tree.findNode(level, low.bytes, low.start, low.length)
    const parts = this.#writer.partsOf(tree.contentsOf(parent))
    const index = parts.targets.indexOf(child)
    if (index < 0) return 0
    const targets = [...parts.targets]
    const keys = [...parts.keys]
    const isRightHere = targets[index + 1] === right
    if (isRightHere || index > 0) {
      targets.splice(isRightHere ? index + 1 : index, 1)
      keys.splice(isRightHere ? index + 1 : index, 1)
      if (isRightHere) targets[index] = right
    } else {
      targets[0] = right
    }
    this.publish(parent, this.#writer.build({ ...parts, targets, keys }))
    if (targets.length === 1 && parent === tree.root) this.#shrinkRoot(parent)
    else if (targets.length === 1 && targets[0] === right && !isRightHere) return parent
    return 0
  }

  /** A root with one child gives way to it, if the child is alone on its level. */
  #shrinkRoot(root: number): void {
    const tree = this.#tree
    const child = tree.reader.targetOf(tree.contentsOf(root), 0)
    if (tree.rightOf(tree.contentsOf(child)) !== 0) return
    Atomics.store(this.#i32, this.#entry + tableRoot, child)
    this.#context.retired.push(retiredKind.block, tree.contentsOf(root), this.#context.site.retireStamp())
    this.#context.retired.push(retiredKind.block, root, this.#context.site.retireStamp())
  }

  #leftOf(node: number, level: number, low: KeyBytes): number {
    if (low.length === 0) return 0
    const tree = this.#tree
    let left = tree.findNode(level, low.bytes, low.start, low.length, true)
    for (;;) {
      const right = tree.rightOf(tree.contentsOf(left))
      if (right === node) return left
      if (right === 0 || left === node) return 0
      left = right
    }
  }

  /** All the leaves, unless one of them changes at the moment: then none. Never waits, so it cannot deadlock. */
  #latchAll(leaves: number[]): boolean {
    const { area, latches } = this.#context
    for (let i = 0; i < leaves.length; i++) {
      const leaf = leaves[i]!
      const note = area + siteArea.indexRemovalLatches + i
      this.#i32[note] = leaf
      const isTaken = latches.tryAcquire((leaf << 1) + nodeLatch)
      if (!isTaken) this.#i32[note] = 0
      const block = this.#tree.contentsOf(leaf)
      const next = leaves[i + 1]
      if (isTaken && !this.#tree.reader.isDead(block) && (next === undefined || this.#tree.rightOf(block) === next)) continue
      this.unlatchAll()
      return false
    }
    return true
  }

  /** Gives back what `latchAll` has taken. */
  unlatchAll(): void {
    for (let i = 0; i < removalLatchCount; i++) {
      const note = this.#area + siteArea.indexRemovalLatches + i
      const leaf = this.#i32[note]!
      if (leaf !== 0) this.#context.latches.release((leaf << 1) + nodeLatch)
      this.#i32[note] = 0
    }
  }

  #isLocked(leaf: number): boolean {
    return (Atomics.load(this.#i32, leaf << 1) & stateMask) !== wordState.free
  }

  /** Gives back what was made and never published. */
  abandon(): void {
    const i32 = this.#i32
    for (const word of [siteArea.indexNewBlock, siteArea.indexNewNode]) {
      const made = i32[this.#area + word]!
      i32[this.#area + word] = 0
      if (made === 0) continue
      if (word === siteArea.indexNewNode && i32[(made << 1) + nodeContents] !== 0) this.#context.arena.free(i32[(made << 1) + nodeContents]!)
      this.#context.arena.free(made)
    }
  }

  #underStructureLatch<T>(change: () => T): T {
    const latch = this.#entry + tableStructureLatch
    this.#i32[this.#area + siteArea.indexEntry] = this.#entry
    this.#context.latches.acquire(latch)
    try {
      return change()
    } catch (error) {
      this.abandon()
      throw error
    } finally {
      this.#context.latches.release(latch)
    }
  }
}

/** Two halves of a full node and one more entry; appending leaves the left half full, as keys that only grow want it. */
function cut(parts: BlockParts, entry: number, target: number, key: KeyBytes): { left: BlockParts; right: BlockParts } {
  const whole = withEntry(parts, entry, target, key)
  const count = whole.targets.length
  const at = entry === count - 1 ? count - 1 : count >>> 1
  const first = whole.keys[at]!
  const separator =
    parts.level > 0 ? first : { ...first, length: Math.min(first.length, commonPrefix(whole.keys[at - 1]!, first) + 1) }
  const left = { ...whole, high: separator, targets: whole.targets.slice(0, at), keys: whole.keys.slice(0, at) }
  const right = { ...whole, low: separator, targets: whole.targets.slice(at), keys: whole.keys.slice(at) }
  return { left, right }
}

function withEntry(parts: BlockParts, entry: number, target: number, key: KeyBytes): BlockParts {
  const targets = [...parts.targets]
  const keys = [...parts.keys]
  targets.splice(entry, 0, target)
  keys.splice(entry, 0, key)
  return { ...parts, targets, keys }
}

function copyOf(key: KeyBytes): KeyBytes {
  return { bytes: Uint8Array.prototype.slice.call(key.bytes, key.start, key.start + key.length), start: 0, length: key.length }
}
