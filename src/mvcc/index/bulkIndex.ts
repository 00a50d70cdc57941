import { siteArea } from '../../memory/layout.js'
import { tupleLeaf } from '../tuple.js'
import { entryLimit, type KeyBytes } from './block.js'
import { commonPrefix, emptyKey } from './blockWriter.js'
import { nodeContents, tableRoot } from './node.js'
import type { Tree } from './tree.js'

/** Leaves built before the caller may do something else. */
const turnLeaves = 256

/** The nodes of a level, from the left, and where each begins. */
interface Level {
  readonly lows: KeyBytes[]
  readonly nodes: number[]
}

/**
 * Builds the index of a table that nobody uses yet, and that is empty, from the tuples of its keys in their
 * order: each block is written once, and full. Yields now and then.
 *
 * What it has made and not yet linked is noted nowhere: the memory has no other user, and goes as a whole if
 * this thread does not come to the end.
 */
export function* buildIndex(tree: Tree, tuples: Int32Array): Generator<void, void, void> {
  if (tuples.length === 0) return
  const builder = new IndexBuilder(tree)
  let level = yield* builder.leaves(tuples)
  for (let height = 1; level.nodes.length > 1; height++) level = builder.level(height, level)
  builder.finish(level.nodes[0]!)
}

class IndexBuilder {
  readonly #tree: Tree
  readonly #i32: Int32Array

  constructor(tree: Tree) {
    this.#tree = tree
    this.#i32 = tree.change.i32
  }

  *leaves(tuples: Int32Array): Generator<void, Level, void> {
    const { reader, change } = this.#tree
    const made: Level = { lows: [], nodes: [] }
    let node = this.#tree.root
    change.context.arena.free(this.#tree.contentsOf(node))
    let low = emptyKey
    for (let start = 0; start < tuples.length; start += entryLimit) {
      const end = Math.min(start + entryLimit, tuples.length)
      const isLast = end === tuples.length
      const right = isLast ? 0 : change.newNode(0n)
      const high = isLast
        ? undefined
        : separator(reader.keyOfTuple(tuples[end - 1]!), reader.keyOfTuple(tuples[end]!))
      const targets: number[] = []
      const keys: KeyBytes[] = []
      for (let at = start; at < end; at++) {
        const tuple = tuples[at]!
        targets.push(tuple)
        keys.push(reader.keyOfTuple(tuple))
        this.#i32[(tuple << 1) + tupleLeaf] = node
      }
      this.#fill(node, change.writer.build({ level: 0, right, low, high, targets, keys }))
      made.lows.push(low)
      made.nodes.push(node)
      node = right
      low = high ?? emptyKey
      if (made.nodes.length % turnLeaves === 0) yield
    }
    return made
  }

  /** The level above another one, of more than one node. */
  level(height: number, { lows, nodes }: Level): Level {
    const { change } = this.#tree
    const made: Level = { lows: [], nodes: [] }
    let node = change.newNode(0n)
    for (let start = 0; start < nodes.length; start += entryLimit) {
      const end = start + entryLimit
      const right = end < nodes.length ? change.newNode(0n) : 0
      const keys = lows.slice(start, end)
      const low = keys[0]!
      const targets = nodes.slice(start, end)
      this.#fill(node, change.writer.build({ level: height, right, low, high: lows[end], targets, keys }))
      made.lows.push(low)
      made.nodes.push(node)
      node = right
    }
    return made
  }

  finish(root: number): void {
    const { change } = this.#tree
    Atomics.store(this.#i32, change.entry + tableRoot, root)
    this.#i32[change.area + siteArea.indexNewNode] = 0
  }

  #fill(node: number, block: number): void {
    Atomics.store(this.#i32, (node << 1) + nodeContents, block)
    this.#i32[this.#tree.change.area + siteArea.indexNewBlock] = 0
  }
}

/** The shortest key that is above `before` and not above `first`. */
function separator(before: KeyBytes, first: KeyBytes): KeyBytes {
  return { ...first, length: Math.min(first.length, commonPrefix(before, first) + 1) }
}
