import { text } from './evidence.js'
import { none } from './externals.js'
import { kind } from './graph.js'
import { valueOf } from './registerAnomalies.js'
import type { RegisterHistory } from './registerGraph.js'
import type { Cause, ExplainEdge, Labelled } from './story.js'
import { versionSources } from './versions.js'

const reasons = {
  'initial-state': 'every write follows the initial state',
  'wfr-keys': 'a transaction read the one and wrote the other',
  'sequential-keys': 'a process met them in this order',
  'linearizable-keys': 'they were met in this order of time',
} as const

/** Finds again why an edge is in the graph, by the rules that put it there. */
export function explainRegisters(history: RegisterHistory): ExplainEdge {
  return (from, to, of) => {
    const { starts } = history.externals
    for (let row = starts.data[from.call]!; row < starts.data[from.call + 1]!; row += 1) {
      for (let other = starts.data[to.call]!; other < starts.data[to.call + 1]!; other += 1) {
        const cause = causeOf(history, { from, to, of, row, other })
        if (cause !== undefined) return cause
      }
    }
    throw new Error(`nothing explains an edge of kind ${of} from call ${from.call} to call ${to.call}`)
  }
}

interface Rows {
  readonly from: Labelled
  readonly to: Labelled
  readonly of: number
  /** Rows of the externals of both calls. */
  readonly row: number
  readonly other: number
}

function causeOf({ calls, externals, versions }: RegisterHistory, at: Rows): Cause | undefined {
  const { from, to, of, row, other } = at
  const keyNumber = externals.keys.data[row]!
  if (externals.keys.data[other] !== keyNumber) return undefined
  const key = calls.columns.micros.keyOf(keyNumber)
  const name = text(key)
  const before = of === kind.rw ? externals.reads.data[row]! : externals.writes.data[row]!
  if (before === none) return undefined
  const value = valueOf(calls, before)
  if (of === kind.wr) {
    if (externals.reads.data[other] !== before) return undefined
    return {
      sentence: `${from.label} wrote key ${name} = ${text(value)}, which ${to.label} read.`,
      key,
      value,
    }
  }
  const after = externals.writes.data[other]!
  if (after === none) return undefined
  const pair = versions.pairs.find(versions.node(before, keyNumber), versions.node(after, keyNumber))
  if (pair < 0) return undefined
  const nextValue = valueOf(calls, after)
  const reason = reasons[versionSources[versions.sources.data[pair]!]!]
  const did = of === kind.rw ? 'read' : 'wrote'
  const sentence = `${from.label} ${did} key ${name} = ${text(value)}, and ${to.label} wrote ${text(nextValue)}, which is later: ${reason}.`
  return { sentence, key, value, nextValue }
}
