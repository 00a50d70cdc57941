import { IntColumn } from '../../history/column.js'
import { WorkloadError } from './errors.js'

/** Kinds of edges, as bits. `tail` goes on from a hub: the edge into the hub has said the kind. */
export const kind = { ww: 1, wr: 2, rw: 4, process: 8, realtime: 16, tail: 32 } as const

export const kindBits = 6

/** Both copies of a node, as searches need them, and a kind have to fit into 31 bits. */
const maxNodes = 2 ** (30 - kindBits)

/** A directed graph in compressed rows: edges of node n are from `starts[n]` to below `starts[n + 1]`. */
export interface Graph {
  readonly nodes: number
  /** Nodes below are transactions, those from here on are hubs. */
  readonly calls: number
  readonly starts: Int32Array
  /** target << kindBits | kind */
  readonly edges: Int32Array
}

/**
 * Collects edges between transactions and hubs. A hub stands for all edges from those that lead to it to
 * those it leads to, so that what relates many to many takes as many edges as there are transactions.
 */
export class GraphBuilder {
  readonly #calls: number
  #nodes: number
  readonly #from = new IntColumn(1 << 16)
  readonly #to = new IntColumn(1 << 16)

  /** @throws WorkloadError when there are more transactions than a node's number has bits for. */
  constructor(calls: number) {
    this.#calls = calls
    this.#nodes = calls
    this.#requireRoom()
  }

  get edgeCount(): number {
    return this.#from.length
  }

  addHub(): number {
    this.#nodes += 1
    this.#requireRoom()
    return this.#nodes - 1
  }

  /** Ignored when both ends are the same: to follow or miss its own writes is no dependency. */
  addEdge(from: number, to: number, kindOfEdge: number): void {
    if (from === to) return
    this.#from.push(from)
    this.#to.push((to << kindBits) | kindOfEdge)
  }

  /** That a transaction read what it wrote itself only later. */
  addOwnFutureRead(call: number): void {
    this.#from.push(call)
    this.#to.push((call << kindBits) | kind.wr)
  }

  #requireRoom(): void {
    if (this.#nodes <= maxNodes) return
    throw new WorkloadError(
      `the history needs a graph of more than ${maxNodes} nodes, of which its transactions are ${this.#calls}; ` +
        'check it in parts',
    )
  }

  finish(): Graph {
    return graphOf(this.#nodes, this.#calls, this.#from, this.#to)
  }
}

/** Sorts edges by where they begin, in linear time. */
export function graphOf(nodes: number, calls: number, from: IntColumn, to: IntColumn): Graph {
  const starts = new Int32Array(nodes + 1)
  const count = from.length
  for (let i = 0; i < count; i += 1) starts[from.data[i]! + 1]! += 1
  for (let node = 0; node < nodes; node += 1) starts[node + 1]! += starts[node]!
  const next = starts.slice(0, nodes)
  const edges = new Int32Array(count)
  for (let i = 0; i < count; i += 1) {
    const node = from.data[i]!
    edges[next[node]!] = to.data[i]!
    next[node]! += 1
  }
  return { nodes, calls, starts, edges }
}

/** The part of a graph on some of its nodes, and the edges of some kinds between them. */
export interface Part {
  readonly graph: Graph
  /** The node of the whole graph, for each node of the part. */
  readonly original: Int32Array
}

/**
 * `numbers` is room for a number of each node of the whole graph, -1 in all, and is so again afterwards.
 * Transactions come before hubs in the part, too.
 */
export function partOf(whole: Graph, members: Int32Array, numbers: Int32Array): Part {
  const original = members.slice().sort()
  original.forEach((node, i) => {
    numbers[node] = i
  })
  const from = new IntColumn()
  const to = new IntColumn()
  let calls = 0
  for (let i = 0; i < original.length; i += 1) {
    const node = original[i]!
    if (node < whole.calls) calls += 1
    for (let at = whole.starts[node]!; at < whole.starts[node + 1]!; at += 1) {
      const edge = whole.edges[at]!
      const target = numbers[edge >> kindBits]!
      if (target < 0) continue
      from.push(i)
      to.push((target << kindBits) | (edge & ((1 << kindBits) - 1)))
    }
  }
  for (const node of original) numbers[node] = -1
  return { graph: graphOf(original.length, calls, from, to), original }
}
