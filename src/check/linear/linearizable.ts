import type { History } from '../../history/history.js'
import type { Value } from '../../history/operation.js'
import { valueText } from '../../history/valueText.js'
import { Findings } from '../findings.js'
import { Budget, type CheckOptions } from '../options.js'
import type { Verdict } from '../verdict.js'
import { callsByKey } from '../clientCalls.js'
import { forModel, type PlacedCall, placedCalls } from './calls.js'
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
  readonly findings: Findings
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
  const tally: Tally = { findings: new Findings([nonlinearizable]), unknown: [], visited: 0, states: 0 }
  if (parts[0] !== undefined && parts.length === 1) {
    checkPart(history, model, { part: parts[0], budget, tally })
  } else {
    // First each part for a while, so that one that is hard does not hide what is wrong with another.
    const sliceMs = budget.leftMs / 4 / parts.length
    const hard = parts.filter(
      (part) => !checkPart(history, model, { part, budget: budget.slice(sliceMs), tally }),
    )
    tally.unknown.length = 0
    for (const part of hard) checkPart(history, model, { part, budget, tally })
  }
  const { findings, unknown } = tally
  return findings.verdict(history, budget, {
    workload: model.name,
    models: ['linearizable'],
    not: ['linearizable'],
    stats: { parts: parts.length, configurations: tally.visited, states: tally.states },
    unknownBecause: unknown[0],
  })
}

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
    tally.findings.add(nonlinearizable, () =>
      explainStuck({ history, model, problem, states, stuck: result.stuck, ...key }),
    )
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
  return callsByKey(history, placedCalls(history, model), keyed).flatMap(({ key, calls }) =>
    partition(model, {
      ...(key === undefined ? {} : { key }),
      calls: calls.map((call) => forModel(history, call, model)),
    }),
  )
}

function partition(model: Model<unknown>, part: Part): Part[] {
  if (model.partition === undefined) return [part]
  const parts = new Map<string, { key: Value; calls: PlacedCall[] }>()
  for (const call of part.calls) {
    const own = model.partition(call)
    const text = valueText(own)
    const known = parts.get(text)
    if (known === undefined)
      parts.set(text, { key: part.key === undefined ? own : [part.key, own], calls: [call] })
    else known.calls.push(call)
  }
  return [...parts.values()]
}
