import type { NewOperation, Value } from '../../src/history/operation.js'
import type { Random } from './engineRandom.js'

/** A call of a client; `answer` is computed at the moment the call takes effect. */
export interface ClientStep {
  readonly f: string
  readonly input: Value
  readonly apply: () => Value
}

/**
 * Runs clients against one state, each call at one moment between its invocation and its return, some of them
 * failing (without effect) or crashing (with or without).
 */
export function runClients(
  random: Random,
  shape: { readonly processes: number; readonly calls: number },
  step: (number: number) => ClientStep,
): NewOperation[] {
  const operations: NewOperation[] = []
  const open: { process: number; step: ClientStep; answer: Value | undefined }[] = []
  let idle = Array.from({ length: shape.processes }, (_, process) => process)
  let next = shape.processes
  let invoked = 0
  while (invoked < shape.calls || open.length > 0) {
    const process = idle[0]
    if (process !== undefined && invoked < shape.calls && random.below(2) === 0) {
      idle = idle.slice(1)
      const made = step(invoked)
      invoked += 1
      open.push({ process, step: made, answer: undefined })
      operations.push({ type: 'invoke', process, f: made.f, value: made.input })
      continue
    }
    const call = open.length === 0 ? undefined : random.pick(open)
    if (call === undefined) continue
    const { f, input, apply } = call.step
    const fate = random.below(20)
    if (call.answer === undefined && fate > 1) {
      call.answer = apply()
      continue
    }
    open.splice(open.indexOf(call), 1)
    const type = fate === 0 ? 'info' : call.answer === undefined ? 'fail' : 'ok'
    operations.push({ type, process: call.process, f, value: type === 'ok' ? call.answer! : input })
    idle.push(type === 'info' ? next++ : call.process)
  }
  return operations
}

/** Clients of the simple workloads, on a state that keeps its promises. */
export const serialWorkloads: Readonly<Record<string, (random: Random) => (number: number) => ClientStep>> = {
  bank: (random) => {
    const balances = [10, 20, 30]
    return () => {
      if (random.below(2) === 0) return { f: 'read', input: null, apply: () => new Map(balances.entries()) }
      const input: Value = [random.below(3), random.below(3), 1 + random.below(9)]
      const apply = () => {
        const [from, to, amount] = input as readonly [number, number, number]
        if (balances[from]! >= amount) {
          balances[from]! -= amount
          balances[to]! += amount
        }
        return input
      }
      return { f: 'transfer', input, apply }
    }
  },
  counter: (random) => {
    let sum = 0
    const add = (amount: number) => {
      sum += amount
      return amount
    }
    return () => {
      if (random.below(2) === 0) return { f: 'read', input: null, apply: () => sum }
      const input = random.below(9) - 3
      return { f: 'add', input, apply: () => add(input) }
    }
  },
  'long-fork': (random) => {
    const written = new Map<number, number>()
    const group = 3
    return (number) => {
      if (random.below(2) === 0)
        return { f: 'txn', input: [['w', number, 1]], apply: () => write(written, number) }
      const first = random.below(number + 1)
      const keys = Array.from({ length: group }, (_, at) => first - (first % group) + at)
      const read = () => keys.map((key): Value => ['r', key, written.get(key) ?? null])
      return { f: 'txn', input: keys.map((key): Value => ['r', key, null]), apply: read }
    }
  },
  sequential: (random) => elements(random, 'write'),
  set: (random) => elements(random, 'add'),
  'set-full': (random) => elements(random, 'add'),
}

function write(written: Map<number, number>, key: number): Value {
  written.set(key, 1)
  return [['w', key, 1]]
}

function elements(random: Random, f: string): (number: number) => ClientStep {
  const held: number[] = []
  const add = (element: number) => {
    held.push(element)
    return element
  }
  return (number) =>
    random.below(3) === 0
      ? { f: 'read', input: null, apply: () => [...held] }
      : { f, input: number, apply: () => add(number) }
}
