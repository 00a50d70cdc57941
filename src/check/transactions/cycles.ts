import { compareSeverity, cycleTypes, implied, reachable, variants } from '../anomalyTypes.js'
import type { Budget } from '../options.js'
import { components, nodesOnWalks } from './components.js'
import { CycleSearch, type CycleShape, type Step } from './cycleSearch.js'
import { type Graph, kind, kindBits, partOf } from './graph.js'

export interface Cycle {
  readonly type: string
  readonly steps: readonly Step[]
  readonly isShortest: boolean
}

export interface CyclesFound {
  /** Of each type the shortest few, at most one of a component. */
  readonly cycles: readonly Cycle[]
  /** In how many components each type was found. */
  readonly counts: ReadonlyMap<string, number>
  readonly components: number
  readonly largestComponent: number
  /** Which limit was met before all components were searched. */
  readonly cutShort?: string
}

/** Edges looked at for one type in one component, after which a shorter cycle is no longer sought. */
const budgetPerType = 20_000_000
const shownPerType = 8

/**
 * The types of cycles in a graph, each with its shortest cycles. Within a component, types that are implied
 * by one found there are left out: they would say less of the same thing.
 */
export function findCycles(graph: Graph, budget: Budget): CyclesFound {
  // A hub beside one transaction is no cycle: the transaction overwrote what it had read itself.
  const found = components(graph).filter((members) => members.filter((node) => node < graph.calls).length > 1)
  const numbers = new Int32Array(found.length === 0 ? 0 : graph.nodes).fill(-1)
  const byType = new Map<string, Cycle[]>()
  const counts = new Map<string, number>()
  let cutShort: string | undefined
  let gaveUp: string | undefined
  for (const [i, members] of found.entries()) {
    cutShort = budget.exceeded(0)
    if (cutShort !== undefined) break
    const { graph: part, original } = partOf(graph, members, numbers)
    const search = new CycleSearch(part)
    for (const { type, steps, isShortest } of cyclesOf(part, search)) {
      const own = steps.map((step) => ({ node: original[step.node]!, kind: step.kind }))
      counts.set(type, (counts.get(type) ?? 0) + 1)
      keepShortest(byType, { type, steps: own, isShortest })
    }
    if (search.wasCutShort) {
      gaveUp = `the search for cycles among ${part.calls} transactions was given up before it had seen all`
    }
    budget.report('cycles', (i + 1) / found.length)
  }
  const limit = cutShort ?? gaveUp
  return {
    cycles: [...byType.keys()].sort(compareSeverity).flatMap((type) => byType.get(type)!),
    counts,
    components: found.length,
    largestComponent: found.reduce((most, members) => Math.max(most, members.length), 0),
    ...(limit === undefined ? {} : { cutShort: limit }),
  }
}

function keepShortest(byType: Map<string, Cycle[]>, cycle: Cycle): void {
  const kept = byType.get(cycle.type) ?? []
  kept.push(cycle)
  kept.sort((a, b) => a.steps.length - b.steps.length)
  kept.length = Math.min(kept.length, shownPerType)
  byType.set(cycle.type, kept)
}

/** The types of one component, each with its shortest cycle. */
function cyclesOf(part: Graph, search: CycleSearch): Cycle[] {
  const kinds = kindsOf(part)
  const done = new Set<string>()
  const cycles: Cycle[] = []
  for (const { type, shape } of typedShapes) {
    if (done.has(type) || (kinds & shape.required) !== shape.required) continue
    if (shape.antiDependencies !== 'none' && (kinds & kind.rw) === 0) continue
    const starts = startsOf(part, shape)
    if (starts.length === 0) continue
    const cycle = search.shortest(shape, starts, budgetPerType)
    if (cycle === undefined) continue
    cycles.push({ type, ...cycle })
    for (const other of reachable([type], implied)) done.add(other)
  }
  return cycles
}

const base = [
  { name: 'G0', free: kind.ww, antiDependencies: 'none', required: 0 },
  { name: 'G1c', free: kind.ww | kind.wr, antiDependencies: 'none', required: kind.wr },
  { name: 'G-single-item', free: kind.ww | kind.wr, antiDependencies: 'one', required: 0 },
  { name: 'G-nonadjacent-item', free: kind.ww | kind.wr, antiDependencies: 'apart', required: 0 },
  { name: 'G2-item', free: kind.ww | kind.wr, antiDependencies: 'many', required: 0 },
] as const

const variantKinds = { '': 0, '-process': kind.process, '-realtime': kind.realtime } as const

/** Worst first, so that what implies a type comes before it. */
const typedShapes: readonly { type: string; shape: CycleShape }[] = variants.flatMap((variant) =>
  cycleTypes.map((name) => {
    const { free, antiDependencies, required } = base.find((one) => one.name === name)!
    const order = variantKinds[variant]
    return {
      type: name + variant,
      shape: { free: free | order, antiDependencies, required: required | order },
    }
  }),
)

function kindsOf({ edges }: Graph): number {
  let kinds = 0
  for (const edge of edges) kinds |= edge & ((1 << kindBits) - 1)
  return kinds
}

/** Transactions from which to search: on some walk of these kinds, with a first edge that it needs. */
function startsOf(part: Graph, shape: CycleShape): number[] {
  const isFree = shape.antiDependencies === 'none' || shape.antiDependencies === 'many'
  const mask = shape.free | (shape.antiDependencies === 'none' ? 0 : kind.rw)
  const marks = nodesOnWalks(part, mask, !isFree)
  const order = shape.required & (kind.process | kind.realtime)
  const rarest = shape.required === 0 ? shape.free : order === 0 ? shape.required : order
  const first = shape.antiDependencies === 'none' ? rarest : kind.rw
  const starts: number[] = []
  for (let node = 0; node < part.calls; node += 1) {
    if (marks[node] === 1 && hasEdge(part, node, first)) starts.push(node)
  }
  return starts
}

function hasEdge({ starts, edges }: Graph, node: number, mask: number): boolean {
  for (let at = starts[node]!; at < starts[node + 1]!; at += 1) if ((edges[at]! & mask) !== 0) return true
  return false
}
