import type { NewOperation, Value } from '../../src/history/operation.js'
import type { Random } from './engineRandom.js'

/**
 * An object that answers one call at a time: what the models of the checker say, written down a second time
 * and as simply as possible, to generate histories from and to compare with.
 */
export interface AtomicObject {
  readonly name: string
  readonly initial: Value
  /** A call that a client might make. */
  call(random: Random, number: number): { readonly f: string; readonly input: Value }
  /** The state after the call and its answer; undefined when the call fails. */
  apply(state: Value, f: string, input: Value): { readonly state: Value; readonly answer: Value } | undefined
  /** A wrong answer, or one that is right by chance. */
  answer(random: Random, f: string, input: Value): Value
}

const few = 4

export const registerObject: AtomicObject = {
  name: 'register',
  initial: null,
  call: (random) =>
    random.below(2) === 0 ? { f: 'read', input: null } : { f: 'write', input: random.below(few) },
  apply: (state, f, input) => (f === 'read' ? { state, answer: state } : { state: input, answer: input }),
  answer: (random, f, input) => (f === 'read' ? random.below(few) : input),
}

export const casRegisterObject: AtomicObject = {
  ...registerObject,
  name: 'cas-register',
  call: (random, number) =>
    random.below(3) > 0
      ? registerObject.call(random, number)
      : { f: 'cas', input: [random.below(few), random.below(few)] },
  apply: (state, f, input) => {
    if (f !== 'cas') return registerObject.apply(state, f, input)
    const [expected, next] = input as readonly [Value, Value]
    return state === expected ? { state: next, answer: input } : undefined
  },
}

export const mutexObject: AtomicObject = {
  name: 'mutex',
  initial: false,
  call: (random) => ({ f: random.pick(['acquire', 'release']), input: null }),
  apply: (state, f) => (state === (f === 'release') ? { state: !state, answer: null } : undefined),
  answer: () => null,
}

export const setObject: AtomicObject = {
  name: 'set',
  initial: [],
  call: (random, number) =>
    random.below(3) === 0 ? { f: 'read', input: null } : { f: 'add', input: random.pick([number, 0, 1, 2]) },
  apply: (state, f, input) => {
    const elements = state as readonly number[]
    if (f === 'read') return { state, answer: [...elements].reverse() }
    const added = new Set([...elements, input as number])
    return { state: [...added].sort((a, b) => a - b), answer: input }
  },
  answer: (random, f, input) => (f === 'read' ? [0, 1, 2].filter(() => random.below(2) === 0) : input),
}

export const fifoObject: AtomicObject = {
  name: 'fifo-queue',
  initial: [],
  // Some elements of small histories are equal. In large ones, that can make a queue as hard as it gets.
  call: (random, number) =>
    random.below(2) === 0
      ? { f: 'dequeue', input: null }
      : { f: 'enqueue', input: random.pick([number, Math.max(1, number - 6)]) },
  apply: (state, f, input) => {
    const [head, ...rest] = state as readonly Value[]
    if (f === 'enqueue') return { state: [...(state as readonly Value[]), input], answer: input }
    return head === undefined ? undefined : { state: rest, answer: head }
  },
  answer: (random, f, input) => (f === 'dequeue' ? random.below(few) : input),
}

/** Gives its largest element: one of the orders that an unordered queue may choose. */
export const bagObject: AtomicObject = {
  ...fifoObject,
  name: 'unordered-queue',
  apply: (state, f, input) => {
    const elements = state as readonly number[]
    if (f === 'enqueue') return { state: [...elements, input as number].sort((a, b) => b - a), answer: input }
    const [largest, ...rest] = elements
    return largest === undefined ? undefined : { state: rest, answer: largest }
  },
}

export const atomicObjects: readonly AtomicObject[] = [
  registerObject,
  casRegisterObject,
  mutexObject,
  setObject,
  fifoObject,
  bagObject,
]

export interface RunShape {
  readonly processes: number
  readonly calls: number
  /** In percent. */
  readonly unknowns: number
  /** Answers that are replaced, in percent. */
  readonly wrongs: number
}

interface Running {
  readonly process: number
  readonly f: string
  readonly input: Value
  outcome: { readonly answer: Value } | undefined
  isApplied: boolean
}

/** A history of clients that use the object at the same time, each call at one moment of its own. */
export function runObject(object: AtomicObject, random: Random, shape: RunShape): NewOperation[] {
  const operations: NewOperation[] = []
  const running: Running[] = []
  let state = object.initial
  let invoked = 0
  let processes = shape.processes
  const idle = Array.from({ length: shape.processes }, (_, process) => process)
  const apply = (call: Running) => {
    const result = object.apply(state, call.f, call.input)
    call.isApplied = true
    call.outcome = result
    if (result !== undefined) state = result.state
  }
  const end = (call: Running) => {
    const { process, f, input } = call
    running.splice(running.indexOf(call), 1)
    if (random.below(100) < shape.unknowns) {
      // Nothing more is heard of it, and it may still take effect.
      if (!call.isApplied && random.below(2) === 0) apply(call)
      if (random.below(2) === 0) operations.push({ type: 'info', process, f, value: input })
      idle.push(processes++)
      return
    }
    if (!call.isApplied) apply(call)
    idle.push(process)
    if (call.outcome === undefined) {
      operations.push({ type: 'fail', process, f, value: input })
      return
    }
    const isWrong = random.below(100) < shape.wrongs
    const value = isWrong ? object.answer(random, f, input) : call.outcome.answer
    operations.push({ type: 'ok', process, f, value })
  }
  while (invoked < shape.calls || running.length > 0) {
    const choice = random.below(3)
    if (choice === 0 && invoked < shape.calls && idle.length > 0) {
      const process = idle.splice(random.below(idle.length), 1)[0]!
      const { f, input } = object.call(random, invoked)
      invoked += 1
      operations.push({ type: 'invoke', process, f, value: input })
      running.push({ process, f, input, outcome: undefined, isApplied: false })
    } else if (running.length > 0) {
      const call = random.pick(running)
      if (choice === 1 && !call.isApplied) apply(call)
      else if (choice === 2) end(call)
    }
  }
  return operations
}
