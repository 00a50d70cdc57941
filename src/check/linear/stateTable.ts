import { ModelError } from './errors.js'
import type { Model, ModelCall } from './model.js'
import { stateKey } from './stateKey.js'

/** A call that cannot happen in the state. */
export const impossible = -1
/** A call that cannot happen in the state, nor in any that calls can lead to. */
export const hopeless = -2

/** What a state costs beside its key: two table entries and the state itself. */
const bytesPerState = 160

/**
 * States and calls as numbers, each step of the model computed once. State 0 is the initial one.
 *
 * Transitions are a hash table with open addressing over rows (state, call class, next state), at most half
 * full; a next state of `absent` marks a free row.
 */
export class StateTable {
  readonly #model: Model<unknown>
  readonly #classes: readonly ModelCall[]
  readonly #states: unknown[] = []
  readonly #numbers = new Map<string | number | bigint, number>()
  #rows: Int32Array = freeRows(64)
  #used = 0
  #keyBytes = 0

  constructor(model: Model<unknown>, classes: readonly ModelCall[]) {
    this.#model = model
    this.#classes = classes
    this.#numberOf(model.init)
  }

  get size(): number {
    return this.#states.length
  }

  get bytes(): number {
    return this.#rows.byteLength + this.#keyBytes + this.size * bytesPerState
  }

  stateOf(number: number): unknown {
    return this.#states[number]
  }

  /** The state after a call of the class, `impossible` or `hopeless`. */
  next(state: number, callClass: number): number {
    const rows = this.#rows
    const mask = rows.length / rowLength - 1
    let row = hash(state, callClass) & mask
    for (;;) {
      const at = row * rowLength
      if (rows[at + 2] === absent) return this.#compute(state, callClass)
      if (rows[at] === state && rows[at + 1] === callClass) return rows[at + 2]!
      row = (row + 1) & mask
    }
  }

  /** Which classes are to be tried in the state before a call of the class that returns; by default all. */
  triedBefore(state: number, returningClass: number): ((callClass: number) => boolean) | undefined {
    const isTried = this.#model.triedBefore?.(this.#states[state], this.#classes[returningClass]!)
    if (isTried === undefined) return undefined
    return (callClass) => callClass === returningClass || isTried(this.#classes[callClass]!)
  }

  #compute(state: number, callClass: number): number {
    const model = this.#model
    const call = this.#classes[callClass]!
    const before = this.#states[state]
    const after = model.step(before, call)
    const next =
      after !== undefined
        ? this.#numberOf(after)
        : model.isHopeless?.(before, call) === true
          ? hopeless
          : impossible
    if (next >= 0 && next !== state && model.isReadOnly?.(call) === true) {
      throw new ModelError(model.name, `'${call.f}' is said to be read-only, but it changes a state`)
    }
    if ((this.#used + 1) * 2 * rowLength > this.#rows.length) this.#grow()
    this.#put(state, callClass, next)
    this.#used += 1
    return next
  }

  #numberOf(state: unknown): number {
    const key = this.#model.key?.(state) ?? stateKey(state, this.#model.name)
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const number = this.#states.length
    this.#states.push(state)
    this.#numbers.set(key, number)
    if (typeof key === 'string') this.#keyBytes += key.length * 2
    return number
  }

  #put(state: number, callClass: number, next: number): void {
    const rows = this.#rows
    const mask = rows.length / rowLength - 1
    let row = hash(state, callClass) & mask
    while (rows[row * rowLength + 2] !== absent) row = (row + 1) & mask
    rows.set([state, callClass, next], row * rowLength)
  }

  #grow(): void {
    const old = this.#rows
    this.#rows = freeRows((old.length / rowLength) * 2)
    for (let at = 0; at < old.length; at += rowLength) {
      if (old[at + 2] !== absent) this.#put(old[at]!, old[at + 1]!, old[at + 2]!)
    }
  }
}

const rowLength = 4
const absent = -3

function freeRows(count: number): Int32Array {
  return new Int32Array(count * rowLength).fill(absent)
}

function hash(state: number, callClass: number): number {
  let mixed = Math.imul(state, 0x9e3779b1) ^ Math.imul(callClass, 0x85ebca6b)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x2c1b3c6d)
  return mixed ^ (mixed >>> 13)
}
