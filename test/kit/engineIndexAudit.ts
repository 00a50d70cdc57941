import type { Engine } from '../../src/mvcc/engine.js'
import {
  type BlockReader,
  blockHeads,
  compareBytes,
  headOf,
  type KeyBytes,
} from '../../src/mvcc/index/block.js'
import { nodeLatch } from '../../src/mvcc/index/node.js'
import type { Tree } from '../../src/mvcc/index/tree.js'
import { stateMask, tableOfMeta, tupleKey, tupleLeaf, wordState } from '../../src/mvcc/tuple.js'

/** What an audit of one table's index found: everything reachable, and every broken invariant in words. */
export interface IndexReport {
  readonly nodes: number[]
  readonly blocks: number[]
  readonly tuples: number[]
  readonly problems: string[]
  leaves: number
  levels: number
  /** Nodes that no parent leads to: found by right links only. */
  unposted: number
  /** Nodes whose keys begin before their parent's entry says: also found by right links only. */
  displaced: number
}

/**
 * Walks the index of a table level by level, from the left, and checks the structure: bounds that join, keys
 * in order and within bounds, heads and prefixes that fit, parents whose entries never lead too far to the
 * right.
 */
export function auditIndex(engine: Engine, table: number): IndexReport {
  return new IndexAudit(engine, table).run()
}

class IndexAudit {
  readonly #report: IndexReport = {
    nodes: [],
    blocks: [],
    tuples: [],
    problems: [],
    leaves: 0,
    levels: 0,
    unposted: 0,
    displaced: 0,
  }
  readonly #tree: Tree
  readonly #reader: BlockReader
  readonly #i32: Int32Array
  readonly #table: number

  constructor(engine: Engine, table: number) {
    this.#tree = engine.treeOf(table)
    this.#reader = this.#tree.reader
    this.#i32 = engine.memory.i32
    this.#table = table
  }

  run(): IndexReport {
    let first = this.#tree.root
    let parents: number[] = []
    for (let level = this.#levelOf(first); level >= 0; level--) {
      const nodes = this.#level(first, level)
      this.#checkParents(parents, nodes)
      parents = nodes
      first = this.#reader.targetOf(this.#tree.contentsOf(first), 0)
      this.#report.levels++
    }
    this.#report.leaves = parents.length
    return this.#report
  }

  #level(first: number, level: number): number[] {
    const seen = new Set<number>()
    let before: KeyBytes | undefined = { bytes: new Uint8Array(0), start: 0, length: 0 }
    for (let node = first; node !== 0; node = this.#tree.rightOf(this.#tree.contentsOf(node))) {
      if (seen.has(node)) {
        this.#problem(node, 'is linked in a circle')
        break
      }
      seen.add(node)
      const block = this.#tree.contentsOf(node)
      this.#report.nodes.push(node)
      this.#report.blocks.push(block)
      if (this.#levelOf(node) !== level)
        this.#problem(node, `has level ${this.#levelOf(node)} instead of ${level}`)
      const low = this.#reader.lowOf(block)
      if (before === undefined || compare(before, low) !== 0)
        this.#problem(node, `begins at ${text(low)}, its left sibling ends at ${text(before)}`)
      before = this.#reader.highOf(block)
      if (level === 0) this.#checkLeaf(node, block)
      else this.#checkSeparators(node, block)
    }
    if (before !== undefined) this.#problem(first, `has a level that ends at ${text(before)}`)
    return [...seen]
  }

  #checkLeaf(leaf: number, block: number): void {
    const keys: KeyBytes[] = []
    for (let entry = 0; entry < this.#tree.countOf(block); entry++) {
      const tuple = this.#reader.targetOf(block, entry)
      this.#report.tuples.push(tuple)
      keys.push(this.#reader.keyOfTuple(tuple))
      const word = this.#i32[tuple << 1]! & stateMask
      if (word === wordState.dead) this.#problem(leaf, `holds the dead tuple ${tuple}`)
      else if (word !== wordState.free) this.#problem(leaf, `holds tuple ${tuple} in state ${word}`)
      const at = this.#i32[(tuple << 1) + tupleLeaf]
      if (at !== leaf) this.#problem(leaf, `holds tuple ${tuple}, whose leaf is ${at}`)
      const table = tableOfMeta(this.#i32[(tuple << 1) + tupleKey]!)
      if (table !== this.#table) this.#problem(leaf, `holds tuple ${tuple} of table ${table}`)
    }
    this.#checkKeys(leaf, block, keys)
    const state = this.#i32[leaf << 1]! & stateMask
    if (state !== wordState.free) this.#problem(leaf, `is in state ${state}`)
    const latch = this.#i32[(leaf << 1) + nodeLatch]
    if (latch !== 0) this.#problem(leaf, `is latched by site ${latch}`)
  }

  #checkSeparators(node: number, block: number): void {
    const count = this.#tree.countOf(block)
    if (count === 0) this.#problem(node, 'is an inner node without children')
    const keys = Array.from({ length: count }, (_, entry) => this.#reader.separatorOf(block, entry))
    // The first separator stands for the node's low, below which a merge may have moved it.
    this.#checkKeys(node, block, keys)
  }

  #checkKeys(node: number, block: number, keys: readonly KeyBytes[]): void {
    const low = this.#reader.lowOf(block)
    const high = this.#reader.highOf(block)
    const prefix = this.#reader.prefixOf(block)
    for (const [entry, key] of keys.entries()) {
      const before = keys[entry - 1]
      if (before !== undefined && compare(before, key) >= 0)
        this.#problem(node, `has ${text(before)} before ${text(key)}`)
      if (compare(key, low) < 0 || (high !== undefined && compare(key, high) >= 0))
        this.#problem(node, `has ${text(key)} outside ${text(low)} to ${text(high)}`)
      // No search looks at the first separator of an inner node, and it has no part in the prefix.
      if (entry === 0 && this.#tree.levelOf(block) > 0) continue
      if (key.length < prefix.length || compare({ ...key, length: prefix.length }, prefix) !== 0)
        this.#problem(node, `has ${text(key)}, which does not begin with its prefix ${text(prefix)}`)
      const head = headOf(key.bytes, key.start + prefix.length, key.start + key.length)
      if (this.#i32[(block << 1) + blockHeads + entry] !== head)
        this.#problem(node, `has a wrong head for ${text(key)}`)
    }
  }

  /** An entry may lead to a node left of the one that covers its keys, never right of it. */
  #checkParents(parents: readonly number[], nodes: readonly number[]): void {
    if (parents.length === 0) {
      if (nodes.length > 1) this.#report.unposted += nodes.length - 1
      return
    }
    const positions = new Map(nodes.map((node, position) => [node, position]))
    const posted = new Set<number>()
    let last = -1
    for (const parent of parents) {
      const block = this.#tree.contentsOf(parent)
      for (let entry = 0; entry < this.#tree.countOf(block); entry++) {
        const child = this.#reader.targetOf(block, entry)
        const position = positions.get(child)
        if (position === undefined) {
          this.#problem(parent, `leads to ${child}, which is not on the level below`)
          continue
        }
        if (position <= last) this.#problem(parent, `leads to ${child} out of order`)
        last = position
        posted.add(child)
        const from = entry === 0 ? this.#reader.lowOf(block) : this.#reader.separatorOf(block, entry)
        const low = this.#reader.lowOf(this.#tree.contentsOf(child))
        if (compare(low, from) < 0) this.#report.displaced++
        if (compare(low, from) > 0)
          this.#problem(parent, `leads from ${text(from)} to ${child}, which begins at ${text(low)}`)
      }
    }
    this.#report.unposted += nodes.length - posted.size
  }

  #levelOf(node: number): number {
    return this.#tree.levelOf(this.#tree.contentsOf(node))
  }

  #problem(node: number, what: string): void {
    this.#report.problems.push(`table ${this.#table}: node ${node} ${what}`)
  }
}

function compare(a: KeyBytes, b: KeyBytes): number {
  return compareBytes(a.bytes, a.start, a.length, b.bytes, b.start, b.length)
}

function text(key: KeyBytes | undefined): string {
  if (key === undefined) return 'the end'
  return `'${Buffer.from(key.bytes.subarray(key.start, key.start + key.length)).toString('latin1')}'`
}
