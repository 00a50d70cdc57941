import { removalLatchCount, siteArea } from '../../memory/layout.js'
import { retiredKind } from '../retired.js'
import { compareKeys, type KeyBytes } from './block.js'
import { nodeLatch, tableRoot } from './node.js'
import type { Tree } from './tree.js'
import { copyOf, type TreeChange } from './treeChange.js'

/** What is left to do of a removal that has begun to publish. */
export const removalPhase = { publishing: 1, forgetting: 2 } as const

/**
 * Takes nodes without entries out of the tree. Free at empty (Johnson and Shasha, 1989): nodes that are only
 * sparse stay.
 *
 * The right sibling takes over the node's keys, the left sibling gets a new right link, and whoever comes to
 * the dead node by an old link goes on to the right. A removal that has begun to publish is noted in
 * `indexRemoved`.
 */
export class Remover {
  readonly #tree: Tree
  readonly #change: TreeChange

  constructor(tree: Tree, change: TreeChange) {
    this.#tree = tree
    this.#change = change
  }

  /** False if it cannot be now: the leaf, or one beside it, is locked or being changed. */
  removeEmptyLeaf(leaf: number): boolean {
    return this.#change.context.arena.withReserve(() =>
      this.#change.underStructureLatch(() => this.#removeLeaf(leaf)),
    )
  }

  /** The rest of a removal that ended for lack of memory, its node dead already. */
  finishRemoval(node: number, level: number): void {
    this.#change.context.arena.withReserve(() =>
      this.#change.underStructureLatch(() => this.#forget(node, level)),
    )
  }

  /**
   * For a recoverer, who holds the structure latch, and the leaves' too in phase `publishing`: the rest of a
   * removal.
   */
  completeRemoval(node: number, level: number, phase: number): void {
    if (phase === removalPhase.publishing) {
      this.#prepare(node, level)
      this.#publish(node, level)
    }
    this.#forget(node, level)
  }

  #removeLeaf(leaf: number): boolean {
    const tree = this.#tree
    tree.splitter.completeRoot()
    const block = tree.contentsOf(leaf)
    const right = tree.rightOf(block)
    if (right === 0 || tree.reader.isDead(block)) return true
    const left = this.#leftOf(leaf, 0)
    if (!this.#latchAll(left === 0 ? [leaf, right] : [left, leaf, right])) return false
    try {
      if (tree.countOf(tree.contentsOf(leaf)) !== 0) return true
      // While they are `leafSplitting`, no writer passes their stamps, and no locker takes them.
      if (this.#change.beginSplitting(leaf, 0) === undefined) return false
      if (this.#change.beginSplitting(right, 0) === undefined) return false
      this.#prepare(leaf, 0)
      this.#publish(leaf, 0)
    } finally {
      this.#change.endSplitting(leaf)
      this.#change.endSplitting(right)
      this.#unlatchAll()
    }
    this.#forget(leaf, 0)
    return true
  }

  /** Writes all new contents before any is published: from then on nothing can fail for lack of memory. */
  #prepare(node: number, level: number): void {
    const tree = this.#tree
    const low = copyOf(tree.reader.lowOf(tree.contentsOf(node)))
    const right = tree.rightOf(tree.contentsOf(node))
    const left = this.#leftOf(node, level)
    this.#change.context.retired.reserve(8)
    this.#change.writer.withBounds(tree.contentsOf(right), { low })
    this.#change.prepare(0)
    if (left !== 0) {
      this.#change.writer.withBounds(tree.contentsOf(left), { right })
      this.#change.prepare(1)
    }
    this.#change.writer.buildDead(tree.contentsOf(node))
    this.#change.prepare(2)
  }

  #publish(node: number, level: number): void {
    const tree = this.#tree
    const i32 = this.#change.i32
    const right = tree.rightOf(tree.contentsOf(node))
    const left = this.#leftOf(node, level)
    i32[this.#change.area + siteArea.indexRemovalPhase] = removalPhase.publishing
    i32[this.#change.area + siteArea.indexRemovedLevel] = level
    i32[this.#change.area + siteArea.indexRemovedEntry] = this.#change.entry
    i32[this.#change.area + siteArea.indexRemoved] = node
    // The right one first: who walks down from it then skips the node, which is empty, and stays so.
    this.#change.publishPrepared(right, 0)
    this.#change.publishPrepared(node, 2)
    if (level === 0) this.#change.inheritStamp(right, node)
    if (left !== 0) this.#change.publishPrepared(left, 1)
    i32[this.#change.area + siteArea.indexRemovalPhase] = removalPhase.forgetting
  }

  /**
   * The levels above let go of a dead node, and it is retired: at once, or when its parent, left empty, is
   * dead too.
   */
  #forget(node: number, level: number): void {
    this.#tree.splitter.completeRoot()
    const emptied = this.#dropChild(level + 1, node)
    if (emptied === 0) {
      this.#retire(node)
      this.#change.i32[this.#change.area + siteArea.indexRemoved] = 0
      return
    }
    this.#prepare(emptied, level + 1)
    this.#publish(emptied, level + 1)
    this.#retire(node)
    this.#forget(emptied, level + 1)
  }

  #retire(node: number): void {
    const { retired, site } = this.#change.context
    retired.push(retiredKind.block, this.#tree.contentsOf(node), site.retireStamp())
    retired.push(retiredKind.block, node, site.retireStamp())
  }

  /**
   * The parent's entry for a dead child leads to the child's right sibling, which has taken over its keys; if
   * that is another parent's, the boundary between the two parents moves, so that parents and children go on
   * to agree. The answer is the parent if the child was its only one, or 0.
   */
  #dropChild(level: number, child: number): number {
    const tree = this.#tree
    const { low, high, right } = this.#deadNode(child)
    const parent = tree.findNode(level, low.bytes, low.start, low.length)
    const parts = this.#change.writer.partsOf(tree.contentsOf(parent))
    const index = parts.targets.indexOf(child)
    if (index < 0) {
      // It was never posted. What took over its keys was, from where those ended: one that is split off it
      // later would be posted before it, and an entry too many be left when the one or the other is removed.
      this.#moveBoundary(level, right, high, low)
      return 0
    }
    const targets = [...parts.targets]
    const keys = [...parts.keys]
    if (parts.high === undefined || compareKeys(high, parts.high) < 0) {
      targets[index] = right
      if (targets[index + 1] === right) removeAt(index + 1, targets, keys)
      this.#change.publish(parent, this.#change.writer.build({ ...parts, targets, keys }))
      if (targets.length === 1 && parent === tree.root) this.#shrinkRoot(parent)
      return 0
    }
    if (targets.length === 1) return parent
    this.#moveBoundary(level + 1, parts.right, high, low)
    removeAt(index, targets, keys)
    this.#change.publish(parts.right, this.#change.writer.withBounds(tree.contentsOf(parts.right), { low }))
    this.#change.publish(parent, this.#change.writer.build({ ...parts, high: low, targets, keys }))
    return 0
  }

  /**
   * Tells the levels above that a node's keys begin at `to`, not at `from`. Searches between the two find the
   * node before and after: by its left sibling's right link, or straight.
   */
  #moveBoundary(level: number, node: number, from: KeyBytes, to: KeyBytes): void {
    const tree = this.#tree
    const parent = tree.findNode(level, from.bytes, from.start, from.length)
    const parts = this.#change.writer.partsOf(tree.contentsOf(parent))
    const index = parts.targets.indexOf(node)
    if (index < 0) return
    const keys = [...parts.keys]
    keys[index] = to
    if (index > 0) {
      this.#change.publish(parent, this.#change.writer.build({ ...parts, keys }))
      return
    }
    const left = this.#leftOf(parent, level)
    this.#moveBoundary(level + 1, parent, from, to)
    this.#change.publish(parent, this.#change.writer.build({ ...parts, low: to, keys }))
    if (left !== 0)
      this.#change.publish(left, this.#change.writer.withBounds(tree.contentsOf(left), { high: to }))
  }

  /** A root with one child gives way to it, if the child is alone on its level. */
  #shrinkRoot(root: number): void {
    const tree = this.#tree
    const child = tree.reader.targetOf(tree.contentsOf(root), 0)
    if (tree.rightOf(tree.contentsOf(child)) !== 0) return
    this.#change.context.retired.reserve(2)
    Atomics.store(this.#change.i32, this.#change.entry + tableRoot, child)
    this.#change.context.retired.push(
      retiredKind.block,
      tree.contentsOf(root),
      this.#change.context.site.retireStamp(),
    )
    this.#change.context.retired.push(retiredKind.block, root, this.#change.context.site.retireStamp())
  }

  /** A node that is removed has a right sibling, and therefore a bound above. */
  #deadNode(node: number): { low: KeyBytes; high: KeyBytes; right: number } {
    const { reader } = this.#tree
    const block = this.#tree.contentsOf(node)
    return {
      low: copyOf(reader.lowOf(block)),
      high: copyOf(reader.highOf(block)!),
      right: this.#tree.rightOf(block),
    }
  }

  /** The node that leads to this one by its right link; 0 if there is none. */
  #leftOf(node: number, level: number): number {
    const tree = this.#tree
    const low = tree.reader.lowOf(tree.contentsOf(node))
    if (low.length === 0) return 0
    let left = tree.findNode(level, low.bytes, low.start, low.length, true)
    for (;;) {
      const right = tree.rightOf(tree.contentsOf(left))
      if (right === node) return left
      if (right === 0 || left === node) return 0
      left = right
    }
  }

  /**
   * All the leaves, unless one of them changes at the moment: then none. Never waits, so it cannot deadlock.
   */
  #latchAll(leaves: number[]): boolean {
    const { latches } = this.#change.context
    for (let i = 0; i < leaves.length; i++) {
      const leaf = leaves[i]!
      const note = this.#change.area + siteArea.indexRemovalLatches + i
      this.#change.i32[note] = leaf
      const isTaken = latches.tryAcquire((leaf << 1) + nodeLatch)
      if (!isTaken) this.#change.i32[note] = 0
      const block = this.#tree.contentsOf(leaf)
      const next = leaves[i + 1]
      const isLinked = next === undefined || this.#tree.rightOf(block) === next
      if (isTaken && isLinked && !this.#tree.reader.isDead(block)) continue
      this.#unlatchAll()
      return false
    }
    return true
  }

  #unlatchAll(): void {
    for (let i = 0; i < removalLatchCount; i++) {
      const note = this.#change.area + siteArea.indexRemovalLatches + i
      const leaf = this.#change.i32[note]!
      if (leaf !== 0) this.#change.context.latches.release((leaf << 1) + nodeLatch)
      this.#change.i32[note] = 0
    }
  }
}

function removeAt(index: number, targets: number[], keys: KeyBytes[]): void {
  targets.splice(index, 1)
  keys.splice(index, 1)
}
