import { IntColumn } from '../../history/column.js'
import { type Graph, kind, kindBits } from './graph.js'

/** What makes a cycle one of a type. */
export interface CycleShape {
  /** Kinds of edges it may have anywhere. */
  readonly free: number
  /** Of `rw` edges it has: none, exactly one, two or more that are not neighbours, or two or more. */
  readonly antiDependencies: 'none' | 'one' | 'apart' | 'many'
  /** Kinds of which it must have one each. */
  readonly required: number
}

export interface Step {
  readonly node: number
  /** Of the edge to the next step. */
  readonly kind: number
}

const maxRw = 2
const kindMask = (1 << kindBits) - 1
/** State of a walk: number of `rw` so far (2 bits), whether the last was one, which required kinds it had. */
const stateBits = 5
const lastIsRw = 4
const hadWr = 8
const hadOrder = 16

/**
 * Finds shortest cycles of given shapes by breadth-first search over pairs (node, state of the walk). An edge
 * into a hub costs nothing, so lengths count transactions.
 */
export class CycleSearch {
  readonly #graph: Graph
  /** By node and state: the number of the search that reached it last, and from which pair and edge. */
  readonly #seen: Int32Array
  readonly #parents: Int32Array
  readonly #parentKinds: Uint8Array
  /** No cycle is shorter. */
  readonly #least: number
  /** A search ended without a cycle because of its budget, not because there is none. */
  wasCutShort = false
  #search = 0
  #work = 0

  constructor(graph: Graph) {
    this.#graph = graph
    this.#least = hasLoop(graph) ? 1 : 2
    this.#seen = new Int32Array(graph.nodes << stateBits)
    this.#parents = new Int32Array(graph.nodes << stateBits)
    this.#parentKinds = new Uint8Array(graph.nodes << stateBits)
  }

  /**
   * The shortest cycle through any of the starts that has the shape; `undefined` if there is none. After
   * `budget` edges it is content with the shortest so far; with none so far, it goes on to ten times that.
   */
  shortest(shape: CycleShape, starts: Iterable<number>, budget: number): CycleFound | undefined {
    this.#work = 0
    let best: Step[] | undefined
    for (const start of starts) {
      const cycle = this.#from(start, shape, best === undefined ? Number.MAX_SAFE_INTEGER : best.length)
      if (cycle !== undefined && isSimple(cycle)) best = cycle
      if (best !== undefined && best.length <= this.#least) return { steps: best, isShortest: true }
      if (best !== undefined && this.#work > budget) return { steps: best, isShortest: false }
      if (this.#work > budget * 10) {
        this.wasCutShort = true
        return undefined
      }
    }
    return best === undefined ? undefined : { steps: best, isShortest: true }
  }

  /** The shortest cycle through `start`, if shorter than `limit`. Its first edge is the rarest it needs. */
  #from(start: number, shape: CycleShape, limit: number): Step[] | undefined {
    this.#search += 1
    const origin = start << stateBits
    const search: Frontier = { shape, start, level: new IntColumn(64), next: new IntColumn(64), length: 0 }
    search.level.push(origin)
    for (; search.length + 1 < limit && search.level.length > 0; search.length += 1) {
      // Hubs are added to the level while it is gone through.
      for (let i = 0; i < search.level.length; i += 1) {
        const pair = search.level.data[i]!
        const closing = this.#expand(pair, search, pair === origin ? firstKinds(shape) : kindMask)
        if (closing >= 0) return this.#trace(pair, closing, start)
      }
      const level = search.next
      search.next = search.level
      search.next.length = 0
      search.level = level
    }
    return undefined
  }

  /** Adds what follows a pair; the kind of the edge that closes a cycle of the shape, or -1. */
  #expand(pair: number, search: Frontier, kinds: number): number {
    const { starts, edges, calls } = this.#graph
    const node = pair >> stateBits
    const state = pair & ((1 << stateBits) - 1)
    const to = starts[node + 1]!
    this.#work += to - starts[node]!
    for (let at = starts[node]!; at < to; at += 1) {
      const edge = edges[at]!
      const of = edge & kindMask
      if ((of & (kinds | kind.tail)) === 0) continue
      const after = nextState(state, of, search.shape)
      if (after < 0) continue
      const target = edge >> kindBits
      if (target === search.start) {
        // Back by a hub at once: a transaction that overwrote what it read itself.
        const isCycle = search.length > 0 || node === target
        if (isCycle && isComplete(after, search.shape)) return of
        continue
      }
      const reached = (target << stateBits) | after
      if (this.#seen[reached] === this.#search) continue
      this.#seen[reached] = this.#search
      this.#parents[reached] = pair
      this.#parentKinds[reached] = of
      if (target < calls) search.next.push(reached)
      else search.level.push(reached)
    }
    return -1
  }

  #trace(last: number, closing: number, start: number): Step[] {
    const steps: Step[] = []
    let label = closing
    const { calls } = this.#graph
    const origin = start << stateBits
    for (let pair = last; ; pair = this.#parents[pair]!) {
      const node = pair >> stateBits
      if (node < calls) {
        steps.push({ node, kind: label })
        label = kind.tail
      }
      if (pair === origin) break
      if (label === kind.tail) label = this.#parentKinds[pair]!
    }
    return steps.reverse()
  }
}

export interface CycleFound {
  readonly steps: readonly Step[]
  /** False when the search was cut short. */
  readonly isShortest: boolean
}

interface Frontier {
  readonly shape: CycleShape
  readonly start: number
  /** Pairs that `length` edges lead to, and those that one more leads to. */
  level: IntColumn
  next: IntColumn
  length: number
}

function firstKinds({ antiDependencies, required, free }: CycleShape): number {
  if (antiDependencies !== 'none') return kind.rw
  const order = required & (kind.process | kind.realtime)
  if (order !== 0) return order
  return required === 0 ? free : required
}

function nextState(state: number, of: number, shape: CycleShape): number {
  if (of === kind.tail) return state
  if (of === kind.rw) {
    const count = state & 3
    if (shape.antiDependencies === 'none' || (shape.antiDependencies === 'one' && count > 0)) return -1
    if (shape.antiDependencies === 'apart' && (state & lastIsRw) !== 0) return -1
    return (state & ~3) | Math.min(maxRw, count + 1) | lastIsRw
  }
  if ((of & shape.free) === 0) return -1
  const had = (of & shape.required) === 0 ? 0 : of === kind.wr ? hadWr : hadOrder
  return (state & ~lastIsRw) | had
}

function isComplete(state: number, shape: CycleShape): boolean {
  const needed = shape.antiDependencies === 'none' ? 0 : shape.antiDependencies === 'one' ? 1 : 2
  if ((state & 3) < needed) return false
  // The cycle began with an `rw` edge.
  if (shape.antiDependencies === 'apart' && (state & lastIsRw) !== 0) return false
  if ((shape.required & kind.wr) !== 0 && (state & hadWr) === 0) return false
  return (shape.required & ~kind.wr) === 0 || (state & hadOrder) !== 0
}

/**
 * A walk that meets a transaction twice falls into shorter cycles, one of which rules out the same models. So
 * the shortest walk that rules out a model is simple, and no model is missed by taking simple ones only.
 */
function isSimple(steps: readonly Step[]): boolean {
  return new Set(steps.map(({ node }) => node)).size === steps.length
}

function hasLoop({ nodes, starts, edges }: Graph): boolean {
  for (let node = 0; node < nodes; node += 1) {
    for (let at = starts[node]!; at < starts[node + 1]!; at += 1) {
      if (edges[at]! >> kindBits === node) return true
    }
  }
  return false
}
