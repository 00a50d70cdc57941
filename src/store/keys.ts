import { bigintEnd, decodeBigint, encodeBigint } from './keyBigint.js'
import { KeyCorruptError, KeyTypeError } from './keyErrors.js'
import {
  compactEnd,
  decodeCompact,
  decodeWide,
  encodeCompact,
  encodeWide,
  setNumber as setWide,
  tagCompactFirst,
  wideBytes,
} from './keyNumber.js'
import { maxKeyBytes, requireRoom } from './keyRoom.js'
import { bytesEnd, decodeBytes, decodeText, encodeBytes, encodeText } from './keyText.js'

export { numberWords } from './keyNumber.js'
export { maxKeyBytes } from './keyRoom.js'

/**
 * What a row can be found by. Keys of several types may live in one table and sort by type first:
 *
 * `boolean < number < bigint < Date < string < Uint8Array < tuple`
 *
 * - booleans: false before true;
 * - numbers: numeric order with both infinities; -0 is stored as 0, NaN is refused;
 * - bigints: numeric order, but apart from numbers: `1` and `1n` are two keys;
 * - dates: by time; an invalid Date is refused;
 * - strings: by code point, which differs from `<` where characters above U+FFFF meet U+E000..U+FFFF;
 *   a lone surrogate is refused;
 * - bytes: byte by byte, a prefix before its extensions; a plain Uint8Array comes back whatever the subclass
 *   was;
 * - tuples: element by element, a prefix before its extensions; may be empty; `x` and `[x]` are two keys.
 */
export type Key = number | string | bigint | boolean | Date | Uint8Array | readonly Key[]

// The first byte of an element is its tag. Every encoding is prefix-free, so the elements of a tuple follow
// each other without lengths: dates are fixed, numbers end in a bit (those that are whole keys are fixed),
// bigints carry their length, strings and bytes escape 0 and end in it. A tuple ends in 0 where the next tag
// would stand: below every tag, so a prefix sorts before its extensions.
const tagFalse = 0x10
const tagTrue = 0x11
/** Of a number that is a whole key. Inside a tuple the number's first bits are in its tag, 0x20 to 0x27. */
const tagNumber = 0x20
const compactTagShift = 3
const tagBigint = 0x28
const tagDate = 0x30
const tagString = 0x40
const tagBytes = 0x50
const tagTuple = 0x60
const tupleEnd = 0

/** Of a number that is a whole key, and of a Date, with the tag. */
const numberBytes = 1 + wideBytes

/** Where `decodeElement` goes on; nothing suspends between its setting and its reading. */
let cursor = 0

/**
 * Writes `key` into `target` from `start` so that comparing encodings byte by byte compares the keys, and
 * returns the end. `target` must have room for `maxKeyBytes` from `start`, however short the key is.
 */
export function encodeKey(key: Key, target: Uint8Array, start: number): number {
  if (target.length - start < maxKeyBytes) {
    throw new RangeError(`A key needs ${maxKeyBytes} bytes of room, and got ${target.length - start}`)
  }
  if (typeof key === 'number') {
    target[start] = tagNumber
    return encodeWide(key, target, start + 1)
  }
  return encodeElement(key, target, start, start + maxKeyBytes)
}

/**
 * Reads the key whose encoding is exactly `[start, end)` of `source`. What it returns shares no memory with
 * `source`.
 */
export function decodeKey(source: Buffer, start: number, end: number): Key {
  if (source[start] === tagNumber && end - start === numberBytes) return decodeWide(source, start + 1)
  cursor = start
  const key = decodeElement(source, end)
  if (cursor !== end)
    throw new KeyCorruptError(cursor - start, `the key ends there and the bytes at ${end - start}`)
  return key
}

/**
 * Prepares the encoding of a number that is a whole key: its tag is the answer, the rest is in `numberWords`.
 */
export function setNumber(key: number): number {
  setWide(key)
  return tagNumber
}

function encodeElement(key: Key, target: Uint8Array, start: number, limit: number): number {
  switch (typeof key) {
    case 'number':
      return encodeCompact(key, target, start, limit)
    case 'string':
      requireRoom(start, 1, limit)
      target[start] = tagString
      return encodeText(key, target, start + 1, limit)
    case 'bigint':
      requireRoom(start, 1, limit)
      target[start] = tagBigint
      return encodeBigint(key, target, start + 1, limit)
    case 'boolean':
      requireRoom(start, 1, limit)
      target[start] = key ? tagTrue : tagFalse
      return start + 1
    default:
      return encodeObject(key, target, start, limit)
  }
}

function encodeObject(key: Key, target: Uint8Array, start: number, limit: number): number {
  if (Array.isArray(key)) return encodeTuple(key, target, start, limit)
  if (key instanceof Uint8Array) {
    requireRoom(start, 1, limit)
    target[start] = tagBytes
    return encodeBytes(key, target, start + 1, limit)
  }
  if (key instanceof Date) {
    const time = key.getTime()
    if (Number.isNaN(time)) throw new KeyTypeError(key, 'it has no place in the order of times')
    requireRoom(start, numberBytes, limit)
    target[start] = tagDate
    return encodeWide(time, target, start + 1)
  }
  throw new KeyTypeError(key, 'use a number, string, bigint, boolean, Date, Uint8Array or an array of these')
}

function encodeTuple(tuple: readonly Key[], target: Uint8Array, start: number, limit: number): number {
  requireRoom(start, 1, limit)
  target[start] = tagTuple
  let position = start + 1
  for (let i = 0; i < tuple.length; i++) position = encodeElement(tuple[i] as Key, target, position, limit)
  requireRoom(position, 1, limit)
  target[position] = tupleEnd
  return position + 1
}

function decodeElement(source: Buffer, end: number): Key {
  const start = cursor
  const tag = start < end ? source[start] : undefined
  if (tag !== undefined && tag >> compactTagShift === tagCompactFirst >> compactTagShift) {
    cursor = compactEnd(source, start, end)
    return decodeCompact(source, start, cursor)
  }
  switch (tag) {
    case tagString:
      cursor = bytesEnd(source, start + 1, end)
      return decodeText(source, start + 1, cursor - 1)
    case tagTuple:
      return decodeTuple(source, end)
    case tagBigint:
      cursor = bigintEnd(source, start + 1, end)
      return decodeBigint(source, start + 1, cursor)
    case tagDate:
      return new Date(decodeTime(source, start, end))
    case tagBytes:
      cursor = bytesEnd(source, start + 1, end)
      return decodeBytes(source, start + 1, cursor - 1)
    case tagFalse:
    case tagTrue:
      cursor = start + 1
      return tag === tagTrue
    default:
      throw new KeyCorruptError(
        start,
        tag === undefined ? 'an element is missing' : `${tag} begins no element`,
      )
  }
}

function decodeTuple(source: Buffer, end: number): readonly Key[] {
  const tuple: Key[] = []
  cursor++
  while (source[cursor] !== tupleEnd) tuple.push(decodeElement(source, end))
  if (cursor >= end) throw new KeyCorruptError(cursor, 'a tuple does not end')
  cursor++
  return tuple
}

function decodeTime(source: Buffer, start: number, end: number): number {
  if (start + numberBytes > end) throw new KeyCorruptError(start, 'a date is cut short')
  cursor = start + numberBytes
  return decodeWide(source, start + 1)
}
