import { micro } from '../../history/microColumns.js'
import { text } from './evidence.js'
import { kind } from './graph.js'
import { elementBefore, lastRead, type ListHistory } from './listGraph.js'
import { initial, unseen } from './listOrders.js'
import type { Cause, ExplainEdge, Labelled } from './story.js'

/** Finds again why an edge is in the graph, by the rules that put it there. */
export function explainLists(history: ListHistory): ExplainEdge {
  return (from, to, of) => {
    const { calls } = history
    for (let row = calls.rowStarts.data[to.call]!; row < calls.rowEnds.data[to.call]!; row += 1) {
      const cause = causeAt(history, { from, to, of, row })
      if (cause !== undefined) return cause
    }
    throw new Error(`nothing explains an edge of kind ${of} from call ${from.call} to call ${to.call}`)
  }
}

interface EdgeAt {
  readonly from: Labelled
  readonly to: Labelled
  readonly of: number
  readonly row: number
}

function causeAt(history: ListHistory, { from, to, of, row }: EdgeAt): Cause | undefined {
  const { calls, writers, orders } = history
  const { micros } = calls.columns
  const keyNumber = micros.keys.data[row]!
  const key = micros.keyOf(keyNumber)
  const isAppend = micros.kinds.data[row] === micro.append
  if (isAppend !== (of !== kind.wr)) return undefined
  if (of === kind.wr) {
    const last = lastRead(micros, row, calls.isOk(to.call))
    if (last < 0 || writers.committed(last) !== from.call) return undefined
    const value = micros.valueOfElement(last)
    const sentence = `${to.label} read key ${text(key)} up to ${text(value)}, which ${from.label} appended.`
    return { sentence, key, value }
  }
  const element = micros.values.data[row]!
  const nextValue = micros.valueOfElement(element)
  const before = elementBefore(orders, element, keyNumber)
  const directly =
    orders.previous[element] === unseen ? 'after everything that was ever read of it' : 'directly after it'
  if (of === kind.ww) {
    if (before < 0 || writers.committed(before) !== from.call) return undefined
    const value = micros.valueOfElement(before)
    const sentence = `${from.label} appended ${text(value)} to key ${text(key)}, and ${to.label} appended ${text(nextValue)} ${directly}.`
    return { sentence, key, value, nextValue }
  }
  if (!hasRead(history, from.call, { key: keyNumber, last: before })) return undefined
  const missed = `${to.label}'s append of ${text(nextValue)}`
  if (before < 0) {
    return {
      sentence: `${from.label} read key ${text(key)} as empty: it did not see ${missed}.`,
      key,
      nextValue,
    }
  }
  const value = micros.valueOfElement(before)
  const sentence = `${from.label} read key ${text(key)} up to ${text(value)}: it did not see ${missed} ${directly}.`
  return { sentence, key, value, nextValue }
}

function hasRead({ calls }: ListHistory, call: number, state: { key: number; last: number }): boolean {
  const { micros } = calls.columns
  for (let row = calls.rowStarts.data[call]!; row < calls.rowEnds.data[call]!; row += 1) {
    if (micros.kinds.data[row] === micro.append || micros.keys.data[row] !== state.key) continue
    const last = lastRead(micros, row, calls.isOk(call))
    if (last !== unseen && (last === state.last || (last < 0 && state.last === initial))) return true
  }
  return false
}
