import type { History } from '../../history/history.js'
import type { Value } from '../../history/operation.js'
import { valueText } from '../../history/valueText.js'
import { Budget, type CheckOptions } from '../options.js'
import { countCalls } from '../seen.js'
import type { StuckAnomaly, Verdict } from '../verdict.js'
import { byKey, callsOf, isKeyed, type PlacedCall, requireShape } from './calls.js'
import { explainStuck, nonlinearizable } from './explain.js'
import type { Model } from './model.js'
import { problemOf } from './problem.js'
import { Search } from './search.js'
import { StateTable } from './stateTable.js'

export interface LinearOptions extends CheckOptions {
  readonly model: Model<unknown>
  /**
   * Whether values are tuples of a key and a value, and each key is an object of its own, as in Jepsen's
   * independent histories. By default they are when all of them look so.
   */
  readonly keyed?: boolean
}

interface Part {
  readonly key?: Value
  readonly calls: readonly PlacedCall[]
}

interface Tally {
  readonly found: StuckAnomaly[]
  readonly unknown: string[]
  visited: number
  states: number
}

/**
 * Whether there is an order of the calls, each at some moment between its invocation and its return, in which
 * one object of the model gives the answers of the history. A call of unknown outcome may take effect at any
 * moment after its invocation, or never; one that failed never.
 *
 * An object of several keys is checked key by key (Herlihy and Wing 1990, theorem 1; Horn and Kroening 2015).
 * Usually linear in the number of calls, at worst exponential in the number of concurrent ones; see `timeMs`
 * and `memoryBytes`.
 *
 * @throws HistoryFormatError when a call is none of the model
 * @throws ModelError when the model does not keep its contract
 */
export function checkLinearizable(history: History, options: LinearOptions): Verdict {
  const { model } = options
  const budget = new Budget(options)
  const parts = partsOf(history, options)
  const tally: Tally = { found: [], unknown: [], visited: 0, states: 0 }
  // First each part for a while, so that one that is hard does not hide what is wrong with another.
  const first = parts.length === 1 ? budget.leftMs : budget.leftMs / 4 / parts.length
  const hard = parts.filter(
    (part) => !checkPart(history, model, { part, budget: budget.slice(first), tally }),
  )
  if (parts.length > 1) tally.unknown.length = 0
  for (const part of parts.length > 1 ? hard : []) checkPart(history, model, { part, budget, tally })
  const { found, unknown } = tally
  return {
    ...(history.file === undefined ? {} : { file: history.file }),
    workload: model.name,
    models: ['linearizable'],
    valid: found.length > 0 ? false : unknown.length > 0 ? 'unknown' : true,
    anomalies: found.slice(0, shownParts),
    occurrences: found.length === 0 ? [] : [{ type: nonlinearizable, count: found.length }],
    not: found.length === 0 ? [] : ['linearizable'],
    alsoNot: [],
    counts: countCalls(history),
    stats: { parts: parts.length, configurations: tally.visited, states: tally.states },
    ...(found.length === 0 && unknown[0] !== undefined ? { unknownBecause: unknown[0] } : {}),
    notes: found.length > 0 && unknown.length > 0 ? [`${unknown.length} other parts were not decided.`] : [],
    seconds: budget.elapsedMs / 1000,
  }
}

const shownParts = 10

/** False when a limit was met. */
function checkPart(
  history: History,
  model: Model<unknown>,
  { part, budget, tally }: { readonly part: Part; readonly budget: Budget; readonly tally: Tally },
): boolean {
  const problem = problemOf(part.calls, model)
  const states = new StateTable(model, problem.classes)
  const search = new Search(problem, states, budget)
  const result = search.run()
  tally.visited += search.visitedCount
  tally.states += states.size
  if (result.kind === 'stuck') {
    const key = part.key === undefined ? {} : { key: part.key }
    tally.found.push(explainStuck({ history, model, problem, states, stuck: result.stuck, ...key }))
  } else if (result.kind === 'limited') {
    const about = part.key === undefined ? '' : `For key ${valueText(part.key)}, `
    const share = `${Math.floor((100 * result.position) / Math.max(1, problem.events.length))} %`
    tally.unknown.push(
      `${about}${result.sentence}. The first ${share} of the operations can be put in order.`,
    )
  }
  return result.kind !== 'limited'
}

function partsOf(history: History, { model, keyed }: LinearOptions): Part[] {
  const all = callsOf(history, model)
  if (!(keyed ?? isKeyed(all))) return partition(history, model, { calls: all })
  return [...byKey(history, all).values()].flatMap((part) => partition(history, model, part))
}

function partition(history: History, model: Model<unknown>, { key, calls }: Part): Part[] {
  for (const call of calls) requireShape(history, call, model)
  if (model.partition === undefined) return [{ calls, ...(key === undefined ? {} : { key }) }]
  const parts = new Map<string, { key: Value; calls: PlacedCall[] }>()
  for (const call of calls) {
    const own = model.partition(call)
    const text = valueText(own)
    const part = parts.get(text)
    if (part === undefined) parts.set(text, { key: key === undefined ? own : [key, own], calls: [call] })
    else part.calls.push(call)
  }
  return [...parts.values()]
}
