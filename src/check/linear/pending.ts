import type { Problem } from './problem.js'

/**
 * The calls that were invoked and have not returned before an event, in the order in which they are tried.
 *
 * A linked list that moves along the history in both directions. Going back undoes each step exactly, so
 * whatever lies between two events costs its length and no more (Knuth's dancing links).
 */
export class PendingCalls {
  readonly #problem: Problem
  /** The list is a ring through `end`, which is no call. */
  readonly end: number
  readonly #next: Int32Array
  readonly #previous: Int32Array
  #position = 0

  constructor(problem: Problem) {
    this.#problem = problem
    this.end = problem.calls.length
    this.#next = new Int32Array(this.end + 1)
    this.#previous = new Int32Array(this.end + 1)
    this.#next[this.end] = this.end
    this.#previous[this.end] = this.end
  }

  get position(): number {
    return this.#position
  }

  /** The first call, or `end`. */
  get first(): number {
    return this.#next[this.end]!
  }

  after(call: number): number {
    return this.#next[call]!
  }

  moveTo(position: number): void {
    while (this.#position < position) this.forward()
    while (this.#position > position) this.#back()
  }

  /** Over the event at the current position. */
  forward(): void {
    const event = this.#problem.events[this.#position]!
    this.#position += 1
    if (event < 0) this.#unlink(~event)
    else if (this.#problem.calls[event]!.isKnown) this.#linkNew(event)
  }

  #back(): void {
    this.#position -= 1
    const event = this.#problem.events[this.#position]!
    if (event < 0) this.#relink(~event)
    else if (this.#problem.calls[event]!.isKnown) this.#unlink(event)
  }

  #linkNew(call: number): void {
    const before = this.#problem.triedAfter[call]!
    const previous = before < 0 ? this.end : before
    this.#previous[call] = previous
    this.#next[call] = this.#next[previous]!
    this.#relink(call)
  }

  #unlink(call: number): void {
    this.#next[this.#previous[call]!] = this.#next[call]!
    this.#previous[this.#next[call]!] = this.#previous[call]!
  }

  #relink(call: number): void {
    this.#next[this.#previous[call]!] = call
    this.#previous[this.#next[call]!] = call
  }
}
