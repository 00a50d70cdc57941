import type { History } from '../../history/history.js'
import { micro } from '../../history/microColumns.js'
import { cycleTypes, variants } from '../anomalyTypes.js'
import { boundary, forbiddenAnomalies } from '../models.js'
import { Budget, type CheckOptions } from '../options.js'
import { countCalls } from '../seen.js'
import type { Occurrence, Verdict } from '../verdict.js'
import { Calls } from './calls.js'
import { type CyclesFound, findCycles } from './cycles.js'
import { bySeverity, Evidence } from './evidence.js'
import { type Graph, GraphBuilder, kindBits } from './graph.js'
import { inferLists } from './lists.js'
import { addProcessOrder, addRealtime } from './orders.js'
import { inferRegisters } from './registers.js'
import { type ExplainEdge, storyOf } from './story.js'
import type { RegisterAssumptions } from './versions.js'

export const transactionWorkloads = ['list-append', 'rw-register'] as const
export type TransactionWorkload = (typeof transactionWorkloads)[number]

export interface TransactionOptions extends CheckOptions, RegisterAssumptions {
  /** By default list-append if anything is appended, else rw-register. */
  readonly workload?: TransactionWorkload
  /** Consistency models by name; by default strict-serializable. */
  readonly models?: readonly string[]
}

/** What a workload infers from its calls. */
export interface Inference {
  /** Adds anomalies without a cycle to the evidence, and edges to the graph. */
  infer(calls: Calls, evidence: Evidence, graph: GraphBuilder): ExplainEdge
}

/** Nothing to judge: no two transactions depend on each other. */
const emptyGraph = 'empty-transaction-graph'
const nothingToJudge = 'no two transactions depend on each other, so there is nothing to judge'

/**
 * Judges transactions as Elle does (Kingsbury, Alvaro: Elle, VLDB 2020): works out the dependencies between
 * them from what was read, and looks for cycles that the models forbid. Linear in the history, apart from the
 * search for shortest cycles within strongly connected components, which is bounded.
 *
 * @throws WorkloadError, HistoryFormatError, UnknownModelError
 */
export function checkTransactions(history: History, options: TransactionOptions = {}): Verdict {
  const started = performance.now()
  const models = options.models ?? ['strict-serializable']
  const workload = options.workload ?? workloadOf(history) ?? 'list-append'
  const forbidden = forbiddenAnomalies(models)
  const budget = new Budget(options)
  const report = (phase: string): void => {
    options.signal?.throwIfAborted()
    options.onProgress?.({ phase })
  }
  report('infer')
  const calls = new Calls(history)
  const evidence = new Evidence(calls)
  const builder = new GraphBuilder(calls.count)
  const inference = workload === 'list-append' ? inferLists : inferRegisters(options)
  const explain = inference.infer(calls, evidence, builder)
  addOrders(calls, builder, forbidden)
  report('components')
  const graph = builder.finish()
  const found = findCycles(graph, budget)
  const verdict = judge({ calls, evidence, graph, found, forbidden, explain })
  return {
    ...(history.file === undefined ? {} : { file: history.file }),
    workload,
    models,
    ...verdict,
    seconds: (performance.now() - started) / 1000,
  }
}

/** What the transactions of a history do; `undefined` when it has no micro-operations. */
export function workloadOf({ columns }: History): TransactionWorkload | undefined {
  const { kinds } = columns.micros
  if (kinds.length === 0) return undefined
  return kinds.data.subarray(0, kinds.length).includes(micro.append) ? 'list-append' : 'rw-register'
}

/** As in Elle, the order of time or else of processes counts only where a model asks for it. */
function addOrders(calls: Calls, builder: GraphBuilder, forbidden: ReadonlySet<string>): void {
  const needs = (variant: string) => cycleTypes.some((type) => forbidden.has(type + variant))
  if (needs(variants[2])) addRealtime(calls, builder)
  else if (needs(variants[1])) addProcessOrder(calls, builder)
}

interface Findings {
  readonly calls: Calls
  readonly evidence: Evidence
  readonly graph: Graph
  readonly found: CyclesFound
  readonly forbidden: ReadonlySet<string>
  readonly explain: ExplainEdge
}

type Judgement = Omit<Verdict, 'file' | 'workload' | 'models' | 'seconds'>

function judge({ calls, evidence, graph, found, forbidden, explain }: Findings): Judgement {
  const all = [...evidence.types(), ...found.counts.keys()]
  const isEmpty = !graph.edges.some((edge) => edge >> kindBits < graph.calls)
  const isInvalid = all.some((type) => forbidden.has(type))
  const unknownBecause = isEmpty ? nothingToJudge : found.cutShort
  const cycles = found.cycles.filter(({ type }) => forbidden.has(type))
  const counted: Occurrence[] = [...found.counts].map(([type, count]) => ({ type, count }))
  const occurrences = [
    ...evidence.occurrences(forbidden),
    ...counted.filter(({ type }) => forbidden.has(type)),
    ...(isEmpty ? [{ type: emptyGraph, count: 1 }] : []),
  ]
  const shown = [...evidence.anomalies(forbidden), ...cycles.map((cycle) => storyOf(calls, cycle, explain))]
  const ruledOut = isInvalid ? boundary(all) : { not: [], alsoNot: [] }
  return {
    valid: isInvalid ? false : unknownBecause === undefined ? true : 'unknown',
    anomalies: bySeverity(shown),
    occurrences: bySeverity(occurrences),
    ...ruledOut,
    counts: countCalls(calls.history),
    stats: {
      edges: graph.edges.length,
      nodes: graph.nodes,
      components: found.components,
      largestComponent: found.largestComponent,
    },
    ...(isInvalid || unknownBecause === undefined ? {} : { unknownBecause }),
    notes: notesOf(calls),
  }
}

function notesOf({ history }: Calls): string[] {
  let count = 0
  for (let position = 0; position < history.size; position += 1) if (history.isNemesis(position)) count += 1
  return count === 0 ? [] : [`${count} operations of the nemesis were left out.`]
}
