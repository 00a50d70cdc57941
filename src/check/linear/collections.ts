import type { Value } from '../../history/operation.js'
import { isList, valueText } from '../../history/valueText.js'
import type { Model, ModelCall } from './model.js'
import { urgencyInQueue } from './queueOrder.js'

/** A set with `add` (argument: an element) and `read` (answer: all elements, as a list or a set). */
export function growingSet(): Model<string> {
  const elements = new Numbers()
  // Reads are compared with many states, and each is as long as the set.
  const seen = new WeakMap<object, string>()
  const setOf = (value: Value) => {
    if (!isCollection(value)) return ''
    let state = seen.get(value)
    if (state === undefined) seen.set(value, (state = bitsOf([...value].map((e) => elements.of(e)))))
    return state
  }
  return {
    name: 'set',
    functions: ['add', 'read'],
    init: '',
    step: (state, { f, value, isKnown }) => {
      if (f === 'add') return withBit(state, elements.of(value))
      return !isKnown || state === setOf(value) ? state : undefined
    },
    key: (state) => state,
    expected: ({ f, value, isKnown }) =>
      f === 'read' && isKnown && !isCollection(value)
        ? 'the elements of the set as the value of read'
        : undefined,
    isReadOnly: ({ f }) => f === 'read',
    // Elements never leave it.
    isHopeless: (state, { f, value }) => f === 'read' && !isSubset(state, setOf(value)),
    describe: (state) => `the set holds ${listText(bitsIn(state).map((bit) => elements.valueOf(bit)))}`,
  }
}

/** A queue: `enqueue` (argument: the element) at its end, `dequeue` (answer: the element) at its head. */
export function fifoQueue(): Model<string> {
  const elements = new Numbers()
  return {
    name: 'fifo-queue',
    functions: ['enqueue', 'dequeue'],
    init: '',
    step: (queue, call) => {
      if (call.f === 'enqueue') return `${queue}${elements.of(call.value)},`
      const headEnd = queue.indexOf(',')
      if (headEnd < 0) return undefined
      const isHead = !call.isKnown || queue.slice(0, headEnd) === String(elements.of(call.value))
      return isHead ? queue.slice(headEnd + 1) : undefined
    },
    key: (queue) => queue,
    expected: expectedOfQueue,
    // An enqueue and a dequeue can be exchanged wherever both orders are possible. So before an enqueue
    // returns, only enqueues are needed; before a dequeue returns, enqueues until its element is in, then
    // only dequeues.
    triedBefore: (queue, { f, value }) => {
      const isEnqueueNeeded = f === 'enqueue' || !`,${queue}`.includes(`,${elements.of(value)},`)
      return (other) => (other.f === 'enqueue') === isEnqueueNeeded
    },
    urgency: urgencyInQueue,
    describe: (queue) => {
      const held = queue.split(',').slice(0, -1)
      return `the queue holds ${listText(held.map((number) => elements.valueOf(Number(number))))}`
    },
  }
}

/** A queue that gives its elements in any order. */
export function unorderedQueue(): Model<number> {
  return {
    name: 'unordered-queue',
    functions: ['enqueue', 'dequeue'],
    init: 0,
    // Elements do not influence each other, so each is an object of its own: how often it is in the queue. A
    // dequeue of unknown outcome only ever takes something away, so it need not take effect.
    partition: ({ value }) => value,
    step: (count, { f, isKnown }) => {
      if (f === 'enqueue') return count + 1
      if (!isKnown) return count
      return count > 0 ? count - 1 : undefined
    },
    key: (count) => count,
    expected: expectedOfQueue,
    describe: (count) => `the queue holds it ${count === 1 ? 'once' : `${count} times`}`,
  }
}

function expectedOfQueue({ f, value, isKnown }: ModelCall): string | undefined {
  return f === 'dequeue' && isKnown && value === null
    ? 'an element as the value of dequeue (one that found none has failed)'
    : undefined
}

/** Values as numbers from 0. */
class Numbers {
  readonly #values: Value[] = []
  readonly #numbers = new Map<string, number>()

  of(value: Value): number {
    const text = valueText(value)
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.#values.length)
    return this.#values.push(value) - 1
  }

  valueOf(number: number): Value {
    return this.#values[number] ?? null
  }
}

/** Sets of small numbers as strings, 16 bits to a character, the last not zero: equal sets are equal. */
function withBit(bits: string, bit: number): string {
  const at = bit >>> 4
  const padded = bits.padEnd(at + 1, '\0')
  const unit = padded.charCodeAt(at) | (1 << (bit & 15))
  return padded.slice(0, at) + String.fromCharCode(unit) + padded.slice(at + 1)
}

function bitsOf(numbers: readonly number[]): string {
  const largest = numbers.reduce((a, b) => Math.max(a, b), -1)
  const units = new Uint16Array(Math.floor(largest / 16) + 1)
  for (const bit of numbers) units[bit >>> 4]! |= 1 << (bit & 15)
  return Array.from(units, (unit) => String.fromCharCode(unit)).join('')
}

function isSubset(some: string, all: string): boolean {
  for (let at = 0; at < some.length; at += 1) {
    const unit = some.charCodeAt(at)
    if (unit !== 0 && (at >= all.length || (unit & ~all.charCodeAt(at)) !== 0)) return false
  }
  return true
}

function bitsIn(bits: string): number[] {
  const found: number[] = []
  for (let bit = 0; bit < bits.length * 16; bit += 1) {
    if ((bits.charCodeAt(bit >>> 4) & (1 << (bit & 15))) !== 0) found.push(bit)
  }
  return found
}

function isCollection(value: Value): value is readonly Value[] | ReadonlySet<Value> {
  return isList(value) || value instanceof Set
}

const shownElements = 12

function listText(values: readonly Value[]): string {
  if (values.length === 0) return 'nothing'
  const shown = values.slice(0, shownElements).map(valueText).join(', ')
  return values.length > shownElements ? `${shown} and ${values.length - shownElements} more` : shown
}
