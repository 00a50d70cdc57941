import { asUnsignedBigint, lower, upper, words } from './doubleWord.js'
import { KeyCorruptError, KeyTooLongError } from './keyErrors.js'
import { maxKeyBytes, requireRoom } from './keyRoom.js'

// Two bytes hold the sign and the length n of the magnitude: 0x8000 + n, or 0x7fff - n below zero, so that
// the longer is the larger, or the smaller below zero. Then the magnitude, largest byte first, every bit
// flipped below zero.
const headerBytes = 2
const zeroHeader = 0x8000

const magnitudeLimit = 1n << BigInt(8 * maxKeyBytes)

const doubleWordBytes = 8

export function encodeBigint(value: bigint, target: Uint8Array, start: number, limit: number): number {
  const negative = value < 0n
  const magnitude = negative ? -value : value
  if (magnitude >= magnitudeLimit) {
    throw new KeyTooLongError(1 + headerBytes + Math.ceil(magnitude.toString(16).length / 2), maxKeyBytes)
  }
  const position = start + headerBytes
  const end = writeMagnitude(magnitude, target, position, limit)
  const header = negative ? zeroHeader - 1 - (end - position) : zeroHeader + (end - position)
  target[start] = header >>> 8
  target[start + 1] = header
  if (negative) for (let i = position; i < end; i++) target[i] = ~(target[i] as number)
  return end
}

export function bigintEnd(source: Buffer, start: number, end: number): number {
  const header = readHeader(source, start)
  const stop = start + headerBytes + (header < zeroHeader ? zeroHeader - 1 - header : header - zeroHeader)
  if (stop > end) throw new KeyCorruptError(start, 'a bigint is cut short')
  return stop
}

export function decodeBigint(source: Buffer, start: number, end: number): bigint {
  const position = start + headerBytes
  const negative = readHeader(source, start) < zeroHeader
  const magnitude =
    end - position <= doubleWordBytes
      ? readMagnitude(source, position, end, negative ? 0xff : 0)
      : readLongMagnitude(source, position, end, negative ? 0xff : 0)
  return negative ? -magnitude : magnitude
}

function writeMagnitude(magnitude: bigint, target: Uint8Array, start: number, limit: number): number {
  asUnsignedBigint[0] = magnitude
  if (asUnsignedBigint[0] !== magnitude) return writeLongMagnitude(magnitude, target, start, limit)
  let first = words[upper] as number
  let second = words[lower] as number
  const length = first === 0 ? 4 - (Math.clz32(second) >>> 3) : 8 - (Math.clz32(first) >>> 3)
  requireRoom(start, length, limit)
  for (let i = start + length - 1; i >= start; i--) {
    target[i] = second
    second = (second >>> 8) | (first << 24)
    first >>>= 8
  }
  return start + length
}

function writeLongMagnitude(magnitude: bigint, target: Uint8Array, start: number, limit: number): number {
  const digits = magnitude.toString(16)
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  requireRoom(start, bytes.length, limit)
  target.set(bytes, start)
  return start + bytes.length
}

function readMagnitude(source: Buffer, start: number, end: number, flip: number): bigint {
  let first = 0
  let second = 0
  for (let i = start; i < end; i++) {
    first = (first << 8) | (second >>> 24)
    second = (second << 8) | ((source[i] as number) ^ flip)
  }
  words[upper] = first
  words[lower] = second
  return asUnsignedBigint[0] as bigint
}

function readLongMagnitude(source: Buffer, start: number, end: number, flip: number): bigint {
  const bytes = Buffer.allocUnsafe(end - start)
  for (let i = start; i < end; i++) bytes[i - start] = (source[i] as number) ^ flip
  return BigInt(`0x${bytes.toString('hex')}`)
}

function readHeader(source: Buffer, start: number): number {
  return ((source[start] as number) << 8) | (source[start + 1] as number)
}
