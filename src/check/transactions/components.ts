import { IntColumn } from '../../history/column.js'
import { type Graph, kind, kindBits } from './graph.js'

/**
 * The strongly connected components of more than one node, as lists of nodes: Tarjan's algorithm (Depth-first
 * search and linear graph algorithms, 1972), with stacks of its own so that depth is no limit. Linear.
 */
export function components({ nodes, starts, edges }: Graph): Int32Array[] {
  const found: Int32Array[] = []
  const numbers = new Int32Array(nodes)
  const lows = new Int32Array(nodes)
  const nextEdges = new Int32Array(nodes)
  const isOpen = new Uint8Array(nodes)
  const open = new IntColumn()
  const trail = new IntColumn()
  let count = 0

  const enter = (node: number): void => {
    count += 1
    numbers[node] = count
    lows[node] = count
    nextEdges[node] = starts[node]!
    isOpen[node] = 1
    open.push(node)
    trail.push(node)
  }
  const leave = (node: number): void => {
    trail.length -= 1
    if (trail.length > 0) {
      const before = trail.data[trail.length - 1]!
      if (lows[node]! < lows[before]!) lows[before] = lows[node]!
    }
    if (lows[node] !== numbers[node]) return
    let from = open.length - 1
    while (open.data[from] !== node) from -= 1
    for (let i = from; i < open.length; i += 1) isOpen[open.data[i]!] = 0
    if (open.length - from > 1) found.push(open.data.slice(from, open.length))
    open.length = from
  }

  for (let root = 0; root < nodes; root += 1) {
    if (numbers[root] !== 0) continue
    enter(root)
    while (trail.length > 0) {
      const node = trail.data[trail.length - 1]!
      const at = nextEdges[node]!
      if (at === starts[node + 1]!) {
        leave(node)
        continue
      }
      nextEdges[node] = at + 1
      const target = edges[at]! >> kindBits
      if (numbers[target] === 0) enter(target)
      else if (isOpen[target] === 1 && numbers[target]! < lows[node]!) lows[node] = numbers[target]!
    }
  }
  return found
}

/**
 * Marks the nodes from which a walk that uses kinds of `mask` only comes back to its start. With
 * `isApart`, no two `rw` edges of the walk, and none of its end and its start, may follow each other.
 */
export function nodesOnWalks(graph: Graph, mask: number, isApart: boolean): Uint8Array {
  const marks = new Uint8Array(graph.nodes)
  for (const component of components(isApart ? apart(graph, mask) : restricted(graph, mask))) {
    for (const node of component) marks[isApart ? node >> 1 : node] = 1
  }
  for (let node = 0; node < graph.nodes; node += 1) {
    for (let at = graph.starts[node]!; at < graph.starts[node + 1]!; at += 1) {
      if (graph.edges[at]! >> kindBits === node && (graph.edges[at]! & mask) !== 0) marks[node] = 1
    }
  }
  return marks
}

function restricted(graph: Graph, mask: number): Graph {
  return rebuilt(graph, graph.nodes, (from, edge, add) => {
    if ((edge & (mask | kind.tail)) !== 0) add(from, edge)
  })
}

/** Two nodes for each: 2n, and 2n + 1 where the walk has come by an `rw` edge. */
function apart(graph: Graph, mask: number): Graph {
  const kinds = (1 << kindBits) - 1
  return rebuilt(graph, graph.nodes * 2, (from, edge, add) => {
    const target = (edge >> kindBits) * 2
    const of = edge & kinds
    if (of === kind.tail) {
      add(from * 2, (target << kindBits) | of)
      add(from * 2 + 1, ((target + 1) << kindBits) | of)
    } else if (of === kind.rw) {
      add(from * 2, ((target + 1) << kindBits) | of)
    } else if ((of & mask) !== 0) {
      add(from * 2, (target << kindBits) | of)
      add(from * 2 + 1, (target << kindBits) | of)
    }
  })
}

type EachEdge = (from: number, edge: number, add: (from: number, edge: number) => void) => void

/** A graph of the edges that `each` adds: once to count them, and again to put them in their places. */
function rebuilt(graph: Graph, nodes: number, each: EachEdge): Graph {
  const counts = new Int32Array(nodes + 1)
  forEdges(graph, each, (from) => {
    counts[from + 1]! += 1
  })
  for (let node = 0; node < nodes; node += 1) counts[node + 1]! += counts[node]!
  const next = counts.slice(0, nodes)
  const edges = new Int32Array(counts[nodes]!)
  forEdges(graph, each, (from, edge) => {
    edges[next[from]!] = edge
    next[from]! += 1
  })
  return { nodes, calls: graph.calls, starts: counts, edges }
}

function forEdges(graph: Graph, each: EachEdge, add: (from: number, edge: number) => void): void {
  for (let from = 0; from < graph.nodes; from += 1) {
    for (let at = graph.starts[from]!; at < graph.starts[from + 1]!; at += 1)
      each(from, graph.edges[at]!, add)
  }
}
