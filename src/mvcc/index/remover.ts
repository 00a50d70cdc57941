import { header, removalLatchCount, siteArea } from '../../memory/layout.js'
import { compareKeys, type KeyBytes } from './block.js'
import {
  nodeLatch,
  tableRemovalContents,
  tableRemoved,
  tableRemovedLeft,
  tableRemovedLevel,
  tableRoot,
} from './node.js'
import type { Tree } from './tree.js'
import { copyOf, type TreeChange } from './treeChange.js'

/** More than one level of a removal retires once it is noted. */
const retiresAtMost = 8
/** Places of what `#prepare` writes. */
const place = { right: 0, left: 1, node: 2 } as const

/**
 * Takes nodes without entries out of the tree. Free at empty (Johnson and Shasha, 1989): nodes that are only
 * sparse stay.
 *
 * The right sibling takes over the node's keys, the left sibling gets a new right link, and whoever comes to
 * the dead node by an old link goes on to the right; then the levels above let go of it.
 *
 * All of it under the structure latch, but lack of memory can part the second half from the first. The table
 * says so (`tableRemoved`), and until somebody has done the rest its structure does not change otherwise:
 * the dead node is still led to, and leads to its right sibling, which therefore has to stay.
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
    return this.#underStructureLatch(() => this.#removeLeaf(leaf))
  }

  /** Whether a removal has ended halfway. */
  get isUnfinished(): boolean {
    return Atomics.load(this.#change.i32, this.#change.entry + tableRemoved) !== 0
  }

  /** The rest of a removal that ended halfway, if there is one. */
  finish(): void {
    this.#underStructureLatch(() => this.complete())
  }

  #underStructureLatch<T>(change: () => T): T {
    return this.#change.underStructureLatch(() => {
      try {
        return this.#change.context.arena.withReserve(change)
      } finally {
        if (this.isUnfinished) Atomics.store(this.#change.i32, header.removalUnfinished, 1)
      }
    })
  }

  #removeLeaf(leaf: number): boolean {
    const tree = this.#tree
    this.complete()
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
      const leftOfLeaf = this.#prepare(leaf, 0)
      this.#note(leaf, 0, leftOfLeaf, 0)
      this.completePublishing()
    } finally {
      this.#change.endSplitting(leaf)
      this.#change.endSplitting(right)
      this.#unlatchAll()
    }
    this.complete()
    return true
  }

  /**
   * Writes all new contents before any is published: from then on nothing can fail for lack of memory. The
   * answer is the node to the left, or 0.
   */
  #prepare(node: number, level: number): number {
    const tree = this.#tree
    const low = copyOf(tree.reader.lowOf(tree.contentsOf(node)))
    const right = tree.rightOf(tree.contentsOf(node))
    const left = this.#leftOf(node, level)
    this.#change.context.retired.reserve(retiresAtMost)
    this.#change.writer.withBounds(tree.contentsOf(right), { low })
    this.#change.prepare(place.right)
    if (left !== 0) {
      this.#change.writer.withBounds(tree.contentsOf(left), { right })
      this.#change.prepare(place.left)
    }
    this.#change.writer.buildDead(tree.contentsOf(node))
    this.#change.prepare(place.node)
    return left
  }

  /**
   * One step, without a call: what was prepared is now the table's to publish, and `done`, the node whose
   * removal ends with this, or 0, is to be retired.
   */
  #note(node: number, level: number, left: number, done: number): void {
    const { i32, area, entry } = this.#change
    i32[entry + tableRemoved] = node
    i32[entry + tableRemovedLevel] = level
    i32[entry + tableRemovedLeft] = left
    i32[entry + tableRemovalContents] = i32[area + siteArea.indexPrepared]!
    i32[entry + tableRemovalContents + 1] = i32[area + siteArea.indexPrepared + 1]!
    i32[entry + tableRemovalContents + 2] = i32[area + siteArea.indexPrepared + 2]!
    i32[area + siteArea.indexPrepared] = 0
    i32[area + siteArea.indexPrepared + 1] = 0
    i32[area + siteArea.indexPrepared + 2] = 0
    i32[area + siteArea.indexOldNode] = done
  }

  /**
   * Publishes what is noted and not yet published. For the remover itself, and for a recoverer, who holds the
   * structure latch, while the dead one's leaves are latched.
   */
  completePublishing(): void {
    const { i32, entry } = this.#change
    const node = i32[entry + tableRemoved]!
    if (node === 0) return
    const right = this.#tree.rightOf(this.#tree.contentsOf(node))
    // The right one first: who walks down from it then skips the node, which is empty, and stays so.
    this.#publishNoted(right, place.right)
    this.#publishNoted(node, place.node)
    if (i32[entry + tableRemovedLevel] === 0) this.#change.inheritStamp(right, node)
    this.#publishNoted(i32[entry + tableRemovedLeft]!, place.left)
  }

  #publishNoted(node: number, at: number): void {
    const word = this.#change.entry + tableRemovalContents + at
    const block = this.#change.i32[word]!
    if (block !== 0) this.#change.publish(node, block, word)
  }

  /**
   * The levels above let go of the dead node, if there is one, and it is retired: at once, or when its
   * parent, left empty, is dead too. Whoever changes the structure, under its latch, does this first. Where
   * memory fails, it can be done again.
   */
  complete(): void {
    if (this.isUnfinished) this.#change.context.arena.withReserve(() => this.#complete())
  }

  #complete(): void {
    const { i32, entry } = this.#change
    for (;;) {
      const node = i32[entry + tableRemoved]!
      if (node === 0) return
      const parentLevel = i32[entry + tableRemovedLevel]! + 1
      this.#tree.splitter.completeRoot()
      const emptied = this.#dropChild(parentLevel, node)
      const left = emptied === 0 ? 0 : this.#prepare(emptied, parentLevel)
      this.#change.context.retired.reserve(retiresAtMost)
      this.#note(emptied, parentLevel, left, node)
      this.completePublishing()
      this.#change.retireOldNode()
      this.#shrinkRoot()
    }
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
   * node before and after: by its left sibling's right link, or straight. Done already, if `to` is where all
   * keys begin.
   */
  #moveBoundary(level: number, node: number, from: KeyBytes, to: KeyBytes): void {
    if (to.length === 0) return
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
  #shrinkRoot(): void {
    const tree = this.#tree
    const { i32, area, entry } = this.#change
    const root = tree.root
    const block = tree.contentsOf(root)
    if (tree.levelOf(block) === 0 || tree.countOf(block) !== 1) return
    const child = tree.reader.targetOf(block, 0)
    if (tree.rightOf(block) !== 0 || tree.rightOf(tree.contentsOf(child)) !== 0) return
    this.#change.context.retired.reserve(retiresAtMost)
    Atomics.store(i32, entry + tableRoot, child)
    i32[area + siteArea.indexOldNode] = root
    this.#change.retireOldNode()
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
