import { asFloat, getWord, lower, putWord, upper, words } from './doubleWord.js'
import { KeyCorruptError, KeyTypeError } from './keyErrors.js'
import { requireRoom } from './keyRoom.js'

// A number is ordered as the eight bytes of its float are, once its sign bit is turned or, if it is negative,
// all of its bits. A number that is a whole key takes these eight bytes: they make a key of three words, for
// which the engine has a short way.
//
// Inside a tuple it takes as many bytes as it has digits, so that keys of small whole numbers stay short: the
// bits with the sign turned, three in the tag and then seven to a byte, from the highest on up to the last
// that is set. Each byte's lowest bit tells whether another follows, so a number that ends sorts before one
// that goes on. All of these bits are turned if the number is negative, as its order is.

/** Bytes of a number that is a whole key, its tag not counted. */
export const wideBytes = 8
/** The first of the eight tags of numbers inside tuples. */
export const tagCompactFirst = 0x20
const tagBits = 3
const tagMask = 2 ** tagBits - 1
/** Set in the tags of numbers from 0 up. */
const tagPositive = 0x4
/** The most bytes that a number inside a tuple can take after its tag. */
const compactBytesMax = Math.ceil((64 - tagBits) / 7)

/** Where `setNumber` leaves the eight bytes, as two words. */
export const numberWords: { upper: number; lower: number } = { upper: 0, lower: 0 }

/** Prepares the encoding of a number that is a whole key, or of a Date's time. */
export function setNumber(key: number): void {
  if (key !== key) throw new KeyTypeError(key, 'it has no place in the order of numbers')
  asFloat[0] = key + 0 // The sum turns -0 into 0.
  const first = words[upper]! | 0
  const sign = first >> 31
  numberWords.upper = first ^ (sign | 0x8000_0000)
  numberWords.lower = words[lower]! ^ sign
}

export function encodeWide(key: number, target: Uint8Array, start: number): number {
  setNumber(key)
  putWord(target, start, numberWords.upper)
  putWord(target, start + 4, numberWords.lower)
  return start + wideBytes
}

export function decodeWide(source: Uint8Array, start: number): number {
  return fromWords(getWord(source, start), getWord(source, start + 4))
}

/** Whole numbers from 0 up to this take four bytes at most, and are encoded once. */
const smallLimit = 8192
const smallBytes = 4
/** The bytes of each, the first in the highest bits, and their number; 0 of those not encoded yet. */
const smallWords = new Int32Array(smallLimit)
const smallLengths = new Uint8Array(smallLimit)

/** Writes a number inside a tuple, with its tag. */
export function encodeCompact(key: number, target: Uint8Array, start: number, limit: number): number {
  if (!(key >= 0 && key < smallLimit) || (key | 0) !== key || start + smallBytes > limit)
    return encodeBits(key, target, start, limit)
  const word = smallWords[key]!
  if (word === 0) return encodeSmall(key, target, start, limit)
  putWord(target, start, word)
  return start + smallLengths[key]!
}

function encodeSmall(key: number, target: Uint8Array, start: number, limit: number): number {
  const end = encodeBits(key, target, start, limit)
  smallLengths[key] = end - start
  // What follows the number's bytes may be anything: it is written over by the rest of the key.
  smallWords[key] = getWord(target, start)
  return end
}

function encodeBits(key: number, target: Uint8Array, start: number, limit: number): number {
  if (key !== key) throw new KeyTypeError(key, 'it has no place in the order of numbers')
  asFloat[0] = key + 0 // The sum turns -0 into 0.
  let first = words[upper]! | 0x8000_0000
  let second = words[lower]! | 0
  if (start + 1 + compactBytesMax > limit) requireRoom(start, compactBytes(first, second), limit)
  const turn = key < 0 ? -1 : 0
  target[start] = tagCompactFirst | ((first >>> (32 - tagBits)) ^ (turn & tagMask))
  first = (first << tagBits) | (second >>> (32 - tagBits))
  second <<= tagBits
  for (let position = start + 1; ; position++) {
    const bits = (first >>> 24) & 0xfe
    first = (first << 7) | (second >>> 25)
    second <<= 7
    if ((first | second) === 0) {
      target[position] = bits ^ turn
      return position + 1
    }
    target[position] = (bits | 1) ^ turn
  }
}

/** Bytes of the number of these turned bits, with its tag. */
function compactBytes(first: number, second: number): number {
  const unset = second !== 0 ? lowestBit(second) : 32 + lowestBit(first)
  return 1 + Math.max(1, Math.ceil((64 - tagBits - unset) / 7))
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

/** The end of the number inside a tuple whose tag is at `start`. */
export function compactEnd(source: Uint8Array, start: number, end: number): number {
  const turn = turnOf(source[start]!)
  const stop = Math.min(end, start + 1 + compactBytesMax)
  for (let position = start + 1; position < stop; position++)
    if (((source[position]! ^ turn) & 1) === 0) return position + 1
  throw new KeyCorruptError(start, 'a number does not end')
}

/** Reads the number inside a tuple that is `[start, end)`, tag included. */
export function decodeCompact(source: Uint8Array, start: number, end: number): number {
  const turn = turnOf(source[start]!)
  let first = ((source[start]! ^ turn) & tagMask) << (32 - tagBits)
  let second = 0
  for (let position = start + 1, shift = 64 - tagBits - 7; position < end; position++, shift -= 7) {
    const bits = ((source[position]! ^ turn) & 0xff) >>> 1
    if (shift >= 32) first |= bits << (shift - 32)
    else if (shift >= 0) {
      second |= bits << shift
      if (shift > 25) first |= bits >>> (32 - shift)
    } else second |= bits >>> -shift
  }
  words[upper] = turn === 0 ? first ^ 0x8000_0000 : first
  words[lower] = second
  return asFloat[0]!
}

function turnOf(tag: number): number {
  return (tag & tagPositive) === 0 ? -1 : 0
}

function fromWords(first: number, second: number): number {
  const turn = first < 0 ? 0 : -1
  words[upper] = first < 0 ? first ^ 0x8000_0000 : ~first
  words[lower] = second ^ turn
  return asFloat[0]!
}
