import type { Budget } from '../options.js'
import { PendingCalls } from './pending.js'
import type { Problem } from './problem.js'
import { hopeless, type StateTable } from './stateTable.js'
import { type Configuration, VisitedSet } from './visited.js'

export type SearchResult =
  | { readonly kind: 'linearizable'; readonly order: readonly number[] }
  | { readonly kind: 'stuck'; readonly stuck: Stuck }
  | { readonly kind: 'limited'; readonly sentence: string; readonly position: number }

/** Where a history that is not linearizable ends: no order of calls gets past this event. */
export interface Stuck {
  /** The event, which is the return of `call`. */
  readonly position: number
  readonly call: number
  /** Ways to get there, each to another state; some, if there are many. */
  readonly endings: readonly Ending[]
}

export interface Ending {
  readonly state: number
  /** Calls in the order in which they take effect. */
  readonly order: readonly number[]
}

const stepsPerTick = 512
const shownEndings = 8

/**
 * Looks for an order of calls that the model agrees with: depth first, each configuration once (Wing and Gong
 * 1993; Lowe 2017). The search is driven by returns: at each, the call that returns must have taken effect,
 * so some sequence of pending calls that ends with it is tried.
 *
 * What keeps it small, besides `VisitedSet`:
 *
 * - A pending read-only call that can happen in the current state takes effect at once: whatever can follow
 *   without it can follow with it.
 * - Of pending calls that are equal to the model, the one that returns first goes first: in any order that
 *   has them the other way around, they can be exchanged. Likewise open calls, by their invocations.
 * - An open call that changes nothing is never placed.
 *
 * Time is exponential in the number of concurrent calls at worst; the budget bounds it.
 */
export class Search {
  readonly #problem: Problem
  readonly #states: StateTable
  readonly #budget: Budget
  readonly #pending: PendingCalls
  readonly #visited: VisitedSet
  readonly #current: Configuration
  /** Pairs of an entry of `#visited` and a call to be placed next there. */
  readonly #stack: number[] = []
  readonly #choices: number[] = []
  readonly #lastTried: Int32Array
  #trial = 0
  #furthest = 0
  /** Where calls are noted as they are placed, when somebody wants to know. */
  #placed: number[] | undefined

  constructor(problem: Problem, states: StateTable, budget: Budget) {
    this.#problem = problem
    this.#states = states
    this.#budget = budget
    this.#pending = new PendingCalls(problem)
    this.#visited = new VisitedSet(problem.words, problem.slotWords, budget.memoryBytes)
    this.#current = { position: 0, state: 0, words: new Int32Array(problem.words) }
    this.#lastTried = new Int32Array(problem.classes.length)
  }

  /** Configurations seen so far. */
  get visitedCount(): number {
    return this.#visited.size
  }

  run(): SearchResult {
    if (this.#advance() && this.#arrive(-1, -1)) return this.#linearizable(-1, -1)
    for (let step = 0; this.#stack.length > 0; step += 1) {
      if (step % stepsPerTick === 0) {
        const sentence = this.#tick()
        if (sentence !== undefined) return { kind: 'limited', sentence, position: this.#furthest }
      }
      const call = this.#stack.pop()!
      const entry = this.#stack.pop()!
      this.#goTo(entry)
      if (this.#place(call) && this.#arrive(entry, call)) return this.#linearizable(entry, call)
      if (this.#visited.isFull) {
        return { kind: 'limited', sentence: this.#budget.memorySentence(), position: this.#furthest }
      }
    }
    return { kind: 'stuck', stuck: this.#stuck() }
  }

  #tick(): string | undefined {
    this.#budget.report('linearize', this.#furthest / Math.max(1, this.#problem.events.length))
    return this.#budget.exceeded(this.#visited.bytes + this.#states.bytes + this.#stack.length * 8)
  }

  #goTo(entry: number): void {
    this.#visited.load(entry, this.#current)
    this.#pending.moveTo(this.#current.position)
  }

  /** Lets the call take effect, then goes on to the next return that asks for another. False: a dead end. */
  #place(call: number): boolean {
    const current = this.#current
    const next = this.#states.next(current.state, this.#problem.classOf[call]!)
    this.#mark(call)
    if (next !== current.state) {
      current.state = next
      const { end } = this.#pending
      for (let other = this.#pending.first; other !== end; other = this.#pending.after(other)) {
        if (!this.#isMarked(other) && !this.#settle(other)) return false
      }
    }
    return this.#advance()
  }

  /**
   * Places a pending call if it is read-only and can happen. False when the call can never take effect any
   * more, so that nothing gets past its return, and something else has already been as far.
   */
  #settle(call: number): boolean {
    const callClass = this.#problem.classOf[call]!
    const next = this.#states.next(this.#current.state, callClass)
    if (next >= 0 && this.#problem.readOnly[callClass] === 1) this.#mark(call)
    return next !== hopeless || this.#problem.returnsAt[call]! > this.#furthest
  }

  #advance(): boolean {
    const { events, calls } = this.#problem
    const current = this.#current
    for (; current.position < events.length; current.position += 1) {
      const event = events[current.position]!
      if (event < 0) {
        if (!this.#isMarked(~event)) return true
        this.#unmark(~event)
      } else if (calls[event]!.isKnown && !this.#settle(event)) {
        return false
      }
      this.#pending.forward()
    }
    return true
  }

  /** Notes the configuration and what can be tried from it. True at the end of the history. */
  #arrive(parent: number, via: number): boolean {
    this.#furthest = Math.max(this.#furthest, this.#current.position)
    if (this.#current.position === this.#problem.events.length) return true
    const entry = this.#visited.add(this.#current, parent, via)
    if (entry < 0) return false
    this.#chooseReturning()
    this.#chooseOpen()
    this.#filterChoices()
    this.#sortChoices()
    for (let call = this.#choices.pop(); call !== undefined; call = this.#choices.pop()) {
      this.#stack.push(entry, call)
    }
    return false
  }

  #chooseReturning(): void {
    this.#trial += 1
    const { classOf } = this.#problem
    const { end } = this.#pending
    for (let call = this.#pending.first; call !== end; call = this.#pending.after(call)) {
      const callClass = classOf[call]!
      if (this.#isMarked(call) || this.#lastTried[callClass] === this.#trial) continue
      this.#lastTried[callClass] = this.#trial
      if (this.#states.next(this.#current.state, callClass) >= 0) this.#choices.push(call)
    }
  }

  #chooseOpen(): void {
    const { openGroups, classOf, invokedAt } = this.#problem
    const { state, position } = this.#current
    for (const group of openGroups) {
      // Groups are in the order of their first calls, so none after this has been invoked either.
      if (invokedAt[group[0]!]! > position) break
      const call = group.find((member) => !this.#isMarked(member))
      if (call === undefined || invokedAt[call]! > position) continue
      const next = this.#states.next(state, classOf[call]!)
      if (next >= 0 && next !== state) this.#choices.push(call)
    }
  }

  #sortChoices(): void {
    const { urgency } = this.#problem
    if (urgency === undefined) return
    this.#choices.sort((a, b) => (urgency[a]! < urgency[b]! ? -1 : urgency[a]! > urgency[b]! ? 1 : 0))
  }

  #filterChoices(): void {
    const { events, classOf } = this.#problem
    const { state, position } = this.#current
    const isTried = this.#states.triedBefore(state, classOf[~events[position]!]!)
    if (isTried === undefined) return
    let kept = 0
    for (const call of this.#choices) if (isTried(classOf[call]!)) this.#choices[kept++] = call
    this.#choices.length = kept
  }

  #isMarked(call: number): boolean {
    const bit = this.#problem.bitOf[call]!
    return (this.#current.words[bit >>> 5]! & (1 << (bit & 31))) !== 0
  }

  #mark(call: number): void {
    const bit = this.#problem.bitOf[call]!
    this.#current.words[bit >>> 5]! |= 1 << (bit & 31)
    this.#placed?.push(call)
  }

  #unmark(call: number): void {
    const bit = this.#problem.bitOf[call]!
    this.#current.words[bit >>> 5]! &= ~(1 << (bit & 31))
  }

  #linearizable(entry: number, call: number): SearchResult {
    return { kind: 'linearizable', order: this.#orderTo(entry, call) }
  }

  #stuck(): Stuck {
    const position = this.#furthest
    const endings = new Map<number, Ending>()
    for (let entry = 0; entry < this.#visited.size && endings.size < shownEndings; entry += 1) {
      if (this.#visited.positionOf(entry) !== position) continue
      const state = this.#visited.stateOf(entry)
      if (!endings.has(state)) endings.set(state, { state, order: this.#orderTo(entry, -1) })
    }
    return { position, call: ~this.#problem.events[position]!, endings: [...endings.values()] }
  }

  /** The order of calls that led to an entry and, unless it is -1, one more call. */
  #orderTo(entry: number, last: number): number[] {
    const path = last < 0 ? [] : [last]
    for (let at = entry; at >= 0; at = this.#visited.parentOf(at)) {
      const via = this.#visited.viaOf(at)
      if (via >= 0) path.push(via)
    }
    const order: number[] = []
    this.#placed = order
    this.#current.position = 0
    this.#current.state = 0
    this.#current.words.fill(0)
    this.#pending.moveTo(0)
    this.#advance()
    for (const call of path.reverse()) this.#place(call)
    this.#placed = undefined
    return order
  }
}
