import type { Value } from '../../history/operation.js'
import { seenCall } from '../seen.js'
import type { CycleAnomaly, CycleStep, Edge } from '../verdict.js'
import type { Calls } from './calls.js'
import type { Cycle } from './cycles.js'
import { kind } from './graph.js'

/** What an edge between two transactions rests on: a key, the version before, and the version after. */
export interface Cause {
  readonly sentence: string
  readonly key: Value
  readonly value?: Value
  readonly nextValue?: Value
}

/** Finds the cause of a `ww`, `wr` or `rw` edge, in a sentence with the labels of both transactions. */
export type ExplainEdge = (from: Labelled, to: Labelled, of: number) => Cause

export interface Labelled {
  readonly call: number
  readonly label: string
}

/** A cycle with its transactions, and with the evidence for each step. */
export function storyOf(calls: Calls, cycle: Cycle, explain: ExplainEdge): CycleAnomaly {
  const labelled = cycle.steps.map(({ node }, i) => ({ call: node, label: `T${i + 1}` }))
  const steps = cycle.steps.map((step, i): CycleStep => {
    const from = labelled[i]!
    const to = labelled[(i + 1) % labelled.length]!
    return {
      transaction: seenCall(calls.history, calls.invocations.data[from.call]!, from.label),
      edge: edgeOf(calls, { from, to, of: step.kind }, explain),
    }
  })
  const rest = cycle.isShortest
    ? ''
    : ' There may be a shorter cycle of this type: the search for it was cut short.'
  return { kind: 'cycle', type: cycle.type, sentence: `${meaningOf(cycle.type)}${rest}`, steps }
}

function edgeOf(
  calls: Calls,
  { from, to, of }: { from: Labelled; to: Labelled; of: number },
  explain: ExplainEdge,
): Edge {
  const { history } = calls
  if (of === kind.realtime) {
    const ended = history.operation(calls.completions.data[from.call]!)
    const began = history.operation(calls.invocations.data[to.call]!)
    const places = `operation ${ended.index} is before operation ${began.index}`
    return { kind: 'realtime', sentence: `${from.label} had ended before ${to.label} began (${places}).` }
  }
  if (of === kind.process) {
    const { process } = history.operation(calls.invocations.data[from.call]!)
    return { kind: 'process', sentence: `Process ${process} ran ${from.label} before ${to.label}.` }
  }
  return { kind: of === kind.ww ? 'ww' : of === kind.wr ? 'wr' : 'rw', ...explain(from, to, of) }
}

const meanings = new Map([
  ['G0', 'These writes are in no order: each transaction overwrote another, around a circle.'],
  [
    'G1c',
    'Information flowed around a circle: each transaction saw or overwrote what the one before it wrote.',
  ],
  ['G-single-item', 'A transaction saw a state from before a change on which it depends itself (read skew).'],
  [
    'G-nonadjacent-item',
    'Transactions missed changes on which they depend, but no two of them next to each other.',
  ],
  [
    'G2-item',
    'Each of several transactions missed what another changed (write skew): no order explains them all.',
  ],
])

function meaningOf(type: string): string {
  const base = type.replace(/-(process|realtime)$/, '')
  const order = type.endsWith('-realtime')
    ? ' The order of time is part of the circle.'
    : type.endsWith('-process')
      ? ' The order of a process is part of the circle.'
      : ''
  return `${meanings.get(base) ?? 'These transactions are in no order.'}${order}`
}
