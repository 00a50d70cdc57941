import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { UntypedCodec, ValueCodec } from '../../src/store/codec.js'
import { ValueTypeError } from '../../src/store/valueErrors.js'

export const filler = 0xee
export const before = 7
export const shared = Buffer.from(new SharedArrayBuffer(1 << 20))

export function encoded<V>(codec: ValueCodec<V>, value: V): Buffer {
  const end = codec.encode(value, shared, before)
  expect(end).toBeGreaterThanOrEqual(before)
  return Buffer.from(shared.subarray(before, end))
}

/** Through shared memory that is overwritten before the value is looked at. */
export function roundTrip<V>(codec: ValueCodec<V>, value: V): V {
  shared.fill(filler, 0, before)
  const end = codec.encode(value, shared, before)
  shared.fill(filler, end, end + 64)
  const decoded = codec.decode(shared, before, end)
  shared.fill(filler, 0, end)
  return decoded
}

/** In every room too small for it the value must be refused by -1, and nothing be written past the room. */
export function heedsRooms<V>(codec: ValueCodec<V>, value: V): boolean {
  const whole = encoded(codec, value)
  const step = Math.max(1, Math.floor(whole.length / 50))
  for (
    let room = 0;
    room <= whole.length;
    room = Math.max(room + 1, Math.min(room + step, whole.length - 10))
  ) {
    shared.fill(filler, 0, before + whole.length + 64)
    const end = codec.encode(value, shared.subarray(0, before + room), before)
    expect(end).toBe(room === whole.length ? before + room : -1)
    expect(shared.subarray(before + room, before + whole.length + 64).every((byte) => byte === filler)).toBe(
      true,
    )
    expect(shared.subarray(0, before).every((byte) => byte === filler)).toBe(true)
  }
  return shared.subarray(before, before + whole.length).equals(whole)
}

/** Damaged bytes may be refused or read as something else; they never hang, nor throw what is no error. */
export function checkGarbage(codec: ValueCodec<unknown> | UntypedCodec, garbage: Uint8Array): void {
  const source = Buffer.from(garbage)
  try {
    codec.decode(source, 0, source.length)
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
  }
}

/** Deep and strict; invalid dates are equal. Members named constructor are members as others. */
export function same(actual: unknown, expected: unknown): boolean {
  return isDeepStrictEqual(withDatesNamed(actual), withDatesNamed(expected))
}

/** To Node's comparison an invalid date differs from every other. */
function withDatesNamed(value: unknown): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value
  if (Array.isArray(value)) return value.map(withDatesNamed)
  if (value instanceof Set) return new Set([...value].map(withDatesNamed))
  if (value instanceof Map)
    return new Map([...value].map(([key, member]) => [withDatesNamed(key), withDatesNamed(member)]))
  const isObject = typeof value === 'object' && value !== null
  const prototype: unknown = isObject ? Object.getPrototypeOf(value) : undefined
  if (prototype !== Object.prototype && prototype !== null) return value
  const copy = Object.create(prototype) as object
  for (const [key, member] of Object.entries(value as object))
    Object.defineProperty(copy, key, { value: withDatesNamed(member), enumerable: true })
  return copy
}

export function refusal(action: () => unknown): ValueTypeError {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(ValueTypeError)
    return error as ValueTypeError
  }
  throw new Error('it was not refused')
}

export const texts = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(
      fc.constantFrom(0, 0x41, 0x7f, 0x80, 0xff, 0x100, 0x7ff, 0x800, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xffff),
    )
    .map((units) => String.fromCharCode(...units)),
  fc
    .tuple(fc.constantFrom('a', 'é', 'ж', '日', '\u{1f600}', '\ud800'), fc.nat(300))
    .map(([unit, n]) => unit.repeat(n)),
  fc.tuple(fc.nat(70), fc.constantFrom('é', '’', '\udc00')).map(([n, last]) => 'x'.repeat(n) + last),
)

export const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withNullPrototype: false,
  withSparseArray: false,
  maxDepth: 3,
  key: fc.oneof(
    fc.string({ maxLength: 12 }),
    texts,
    fc.constantFrom('__proto__', 'constructor', 'toString', '1'),
  ),
  values: [
    fc.integer(),
    fc.double(),
    fc.constantFrom(
      0,
      -0,
      -1,
      -32,
      -33,
      127,
      128,
      255,
      256,
      65_535,
      65_536,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 53,
    ),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    texts,
    fc.bigInt({ min: -(1n << 300n), max: 1n << 300n }),
    fc.constantFrom(0n, -1n, 1n << 63n, (1n << 63n) - 1n, -(1n << 63n), -(1n << 63n) - 1n),
  ],
})

export const storable = anything.filter((value) => value !== undefined)
