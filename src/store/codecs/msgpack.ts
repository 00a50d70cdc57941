import type { UntypedCodec } from '../codec.js'
import { joinPath, ValueTypeError } from '../valueErrors.js'
import { readWhole } from './msgpackRead.js'
import { writeValue } from './msgpackWrite.js'

/**
 * The default: MessagePack that keeps what it takes, exactly, and refuses the rest.
 *
 * Kept: null, booleans, numbers (-0, NaN and infinities too), bigints of any size, strings (lone surrogates
 * too), plain objects and arrays, `undefined` inside them, Date, Map, Set, every typed array, ArrayBuffer and
 * DataView. What comes back is a private copy. A few things come back plainer than they were: a Buffer as a
 * Uint8Array, an object without prototype as one with `Object.prototype`, holes in an array as undefined;
 * symbol keys and what was hung on an array, Map or Date are left behind, and two references to one object
 * become two objects.
 *
 * Refused, by a ValueTypeError with the path: functions, symbols, instances of classes (boxed primitives,
 * errors and subclasses of built-ins among them), values that hold themselves or nest more than 512 levels,
 * and `undefined` itself.
 */
export const msgpack: UntypedCodec = { name: 'msgpack', encode, decode }

function encode(value: unknown, target: Buffer, start: number): number {
  if (value === undefined)
    throw new ValueTypeError(value, 'it stands for a missing row; delete the key, or store null')
  const end = writeMsgpack(value, target, start)
  return end > target.length ? -1 : end
}

/** Writes a value inside a longer one. An end beyond `target.length` says that it does not fit. */
export function writeMsgpack(value: unknown, target: Buffer, start: number): number {
  try {
    return writeValue(value, target, start, 0)
  } catch (error) {
    const path = error instanceof ValueTypeError && pathTo(error.value, value, new Set())
    throw path ? ValueTypeError.within(path, error) : error
  }
}

function decode<V>(source: Buffer, start: number, end: number): V {
  return readWhole(source, start, end) as V
}

/**
 * Where `part` stands in `whole`: looked for only once it was refused, so that writing keeps no path. It goes
 * in the order of writing, which met `part` before anything that would lead astray.
 */
function pathTo(part: unknown, whole: unknown, seen: Set<unknown>): string | undefined {
  if (typeof whole !== 'object' || whole === null || seen.has(whole)) return undefined
  seen.add(whole)
  for (const [step, member] of members(whole)) {
    if (Object.is(member, part)) return step
    const rest = pathTo(part, member, seen)
    if (rest !== undefined) return joinPath(step, rest)
  }
  return undefined
}

function members(whole: object): Iterable<readonly [string, unknown]> {
  if (Array.isArray(whole)) return whole.map((member, index) => [`[${index}]`, member] as const)
  if (whole instanceof Set) return [...whole].map((member, index) => [`[member ${index}]`, member] as const)
  if (whole instanceof Map) {
    const entries = [...(whole as ReadonlyMap<unknown, unknown>)]
    return entries.flatMap(([key, member], index) => [
      [`[key ${index}]`, key] as const,
      [`[value ${index}]`, member] as const,
    ])
  }
  return Object.entries(whole).map(([key, member]) => [
    identifier.test(key) ? key : `[${JSON.stringify(key)}]`,
    member,
  ])
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u
