import type { History } from '../../history/history.js'
import type { Value } from '../../history/operation.js'
import { valueText } from '../../history/valueText.js'
import { callText, operationText, seenCall } from '../seen.js'
import type { SeenCall, StuckAnomaly } from '../verdict.js'
import type { Model } from './model.js'
import type { Problem } from './problem.js'
import type { Stuck } from './search.js'
import type { StateTable } from './stateTable.js'
import { stateKey } from './stateKey.js'

/** A part of a history that has no linearization, with all that the search knows of it. */
export interface StuckPart {
  readonly history: History
  readonly model: Model<unknown>
  readonly problem: Problem
  readonly states: StateTable
  readonly stuck: Stuck
  /** What the part is about, when the history has several. */
  readonly key?: Value
}

export const nonlinearizable = 'nonlinearizable'

const shownPlaced = 20
const shownPending = 10

/** Says how far the calls can be put in order, and why not further. */
export function explainStuck(part: StuckPart): StuckAnomaly {
  const { history, problem, stuck, key } = part
  const order = stuck.endings[0]?.order ?? []
  const labels = new Labels(history, problem)
  const placed = order.slice(-shownPlaced).map((call) => labels.seen(call))
  const returning = labels.seen(stuck.call)
  const others = refusedBeside(part, order).map((call) => ({
    call: labels.seen(call),
    sentence: `${callText(labels.seen(call))} cannot come next either.`,
  }))
  const about = key === undefined ? 'No order' : `For key ${valueText(key)}, no order`
  const known = problem.calls.filter(({ isKnown }) => isKnown).length
  return {
    kind: 'stuck',
    type: nonlinearizable,
    sentence:
      `${about} of the calls explains the answer of ${callText(returning)}. ` +
      `Up to ${operationText(returning.completion ?? returning.invocation)}, ` +
      `${order.length} of ${problem.calls.length} calls (${known} of them answered) can be put in order, ` +
      'and this is the longest part that can.',
    ...(key === undefined ? {} : { key }),
    placed,
    blocked: [{ call: returning, sentence: refusal(part, returning) }, ...others],
  }
}

function refusal({ model, states, stuck }: StuckPart, returning: SeenCall): string {
  const found = stuck.endings.map(({ state }) => describe(model, states.stateOf(state)))
  const where = operationText(returning.completion ?? returning.invocation)
  const before = `${callText(returning)} must have taken effect before it returned at ${where}`
  if (found.length === 1) return `${before}, but then ${found[0]}, however the calls before are ordered.`
  return `${before}, but depending on the order of the calls before, ${found.join(', or ')}.`
}

function describe(model: Model<unknown>, state: unknown): string {
  return model.describe?.(state) ?? `the state is ${stateKey(state, model.name)}`
}

/** Pending calls, besides the one that returns, that cannot come next in the first of the endings. */
function refusedBeside({ problem, states, stuck }: StuckPart, order: readonly number[]): number[] {
  const ending = stuck.endings[0]
  if (ending === undefined) return []
  const isPlaced = new Set(order)
  const refused: number[] = []
  problem.calls.forEach(({ isKnown }, call) => {
    if (!isKnown || isPlaced.has(call) || call === stuck.call) return
    if (problem.invokedAt[call]! > stuck.position || refused.length === shownPending) return
    if (states.next(ending.state, problem.classOf[call]!) < 0) refused.push(call)
  })
  return refused
}

/** Calls by number, labelled T1, T2... in the order in which they are first shown. */
class Labels {
  readonly #history: History
  readonly #problem: Problem
  readonly #seen = new Map<number, SeenCall>()

  constructor(history: History, problem: Problem) {
    this.#history = history
    this.#problem = problem
  }

  seen(call: number): SeenCall {
    const known = this.#seen.get(call)
    if (known !== undefined) return known
    const { invokedAt } = this.#problem.calls[call]!
    const seen = seenCall(this.#history, invokedAt, `T${this.#seen.size + 1}`)
    this.#seen.set(call, seen)
    return seen
  }
}
