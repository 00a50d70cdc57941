import type { Value } from '../../history/operation.js'
import { valueText } from '../../history/valueText.js'
import { isPair } from '../clientCalls.js'
import type { Model, ModelCall } from './model.js'

/** What it means when a read was answered with null. */
export const nullReads = ['unknown', 'value'] as const
export type NullReads = (typeof nullReads)[number]

export interface RegisterOptions {
  /** What the register holds before anything is written. Default null. */
  readonly initial?: Value
  /**
   * `unknown`: nobody knows what was read, so the read agrees with everything, as in Knossos. `value`: the
   * register held null. Default `unknown`.
   */
  readonly nullReads?: NullReads
}

/** A register with `read` (answer: the value) and `write` (argument: the value). */
export function register(options: RegisterOptions = {}): Model<Value> {
  return {
    name: 'register',
    functions: ['read', 'write'],
    init: options.initial ?? null,
    step: (held, call) => (call.f === 'write' ? call.value : read(held, call, options)),
    key: valueText,
    isReadOnly: ({ f }) => f === 'read',
    describe: describeRegister,
  }
}

/** A register with `cas` too, whose argument is a pair: what it expects, and what it writes then. */
export function casRegister(options: RegisterOptions = {}): Model<Value> {
  return {
    name: 'cas-register',
    functions: ['read', 'write', 'cas'],
    init: options.initial ?? null,
    step: (held, call) => {
      if (call.f === 'write') return call.value
      if (call.f === 'read') return read(held, call, options)
      const [expected, next] = call.value as readonly [Value, Value]
      return sameValue(held, expected) ? next : undefined
    },
    key: valueText,
    expected: ({ f, value }) =>
      f === 'cas' && !isPair(value) ? 'a pair [expected new] as the value of cas' : undefined,
    isReadOnly: ({ f, value }) =>
      f === 'read' || (f === 'cas' && isPair(value) && sameValue(value[0], value[1])),
    describe: describeRegister,
  }
}

function read(held: Value, { value, isKnown }: ModelCall, options: RegisterOptions): Value | undefined {
  if (!isKnown || sameValue(held, value)) return held
  return value === null && options.nullReads !== 'value' ? held : undefined
}

function describeRegister(held: Value): string {
  return `the register holds ${valueText(held)}`
}

function sameValue(a: Value, b: Value): boolean {
  return a === b || valueText(a) === valueText(b)
}

/** A lock with `acquire` and `release`. Anybody may release it, as in Knossos. */
export function mutex(): Model<boolean> {
  return {
    name: 'mutex',
    functions: ['acquire', 'release'],
    init: false,
    step: (isHeld, { f }) => {
      if (f === 'acquire') return isHeld ? undefined : true
      return isHeld ? false : undefined
    },
    key: String,
    describe: (isHeld) => (isHeld ? 'the mutex is held' : 'the mutex is free'),
  }
}
