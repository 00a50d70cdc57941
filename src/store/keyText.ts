import { KeyCorruptError, KeyTypeError } from './keyErrors.js'
import { requireRoom } from './keyRoom.js'
import { nativeText, readLatin1, shortText } from './nativeText.js'

// A string is its UTF-8 bytes. In strings and in bytes alike 0 is written as 1 1 and 1 as 1 2, and a 0 ends
// them: no byte inside is 0, so no encoding is the beginning of another, and the order of the bytes is kept.
const terminator = 0
const escape = 1
const escapeCharacter = '\x01'
const escapedZero = 1
const escapedOne = 2

export function encodeText(text: string, target: Uint8Array, start: number, limit: number): number {
  const length = text.length
  requireRoom(start, length + 1, limit)
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f || code <= escape) return encodeRest(text, i, target, start + i, limit)
    target[start + i] = code
  }
  target[start + length] = terminator
  return start + length + 1
}

/** The long way, from the first character that is not one plain byte. */
function encodeRest(text: string, from: number, target: Uint8Array, start: number, limit: number): number {
  let position = start
  for (let i = from; i < text.length; i++) {
    requireRoom(position, text.length - i + 1, limit) // Every unit that is left takes a byte or more.
    const code = text.codePointAt(i) as number
    if (code <= escape) {
      target[position++] = escape
      target[position++] = code === 0 ? escapedZero : escapedOne
    } else if (code <= 0x7f) {
      target[position++] = code
    } else {
      if (code >= 0xd800 && code <= 0xdfff)
        throw new KeyTypeError(text, 'it holds a lone surrogate, which has no UTF-8')
      requireRoom(position, utf8Bytes(code), limit)
      position = writeCodePoint(code, target, position)
      if (code > 0xffff) i++
    }
  }
  requireRoom(position, 1, limit)
  target[position] = terminator
  return position + 1
}

function utf8Bytes(code: number): number {
  return code <= 0x7ff ? 2 : code <= 0xffff ? 3 : 4
}

function writeCodePoint(code: number, target: Uint8Array, start: number): number {
  let position = start
  if (code <= 0x7ff) {
    target[position++] = 0xc0 | (code >>> 6)
  } else if (code <= 0xffff) {
    target[position++] = 0xe0 | (code >>> 12)
    target[position++] = 0x80 | ((code >>> 6) & 0x3f)
  } else {
    target[position++] = 0xf0 | (code >>> 18)
    target[position++] = 0x80 | ((code >>> 12) & 0x3f)
    target[position++] = 0x80 | ((code >>> 6) & 0x3f)
  }
  target[position++] = 0x80 | (code & 0x3f)
  return position
}

export function encodeBytes(bytes: Uint8Array, target: Uint8Array, start: number, limit: number): number {
  let position = start
  for (let i = 0; i < bytes.length; i++) {
    requireRoom(position, bytes.length - i + 1, limit)
    const byte = bytes[i] as number
    if (byte > escape) {
      target[position++] = byte
    } else {
      target[position++] = escape
      target[position++] = byte === 0 ? escapedZero : escapedOne
    }
  }
  requireRoom(position, 1, limit)
  target[position] = terminator
  return position + 1
}

/** The end, terminator included, of the string or bytes that begin at `start`. */
export function bytesEnd(source: Buffer, start: number, end: number): number {
  let position = start
  while (position < end && source[position] !== terminator) position++
  if (position >= end) throw new KeyCorruptError(start, 'a string or bytes do not end')
  return position + 1
}

export function decodeText(source: Buffer, start: number, end: number): string {
  if (end - start > shortText) {
    const text = nativeText(source).utf8Slice(start, end)
    return text.includes(escapeCharacter) ? decodeEscaped(source, start, end) : text
  }
  for (let i = start; i < end; i++) {
    const byte = source[i] as number
    if (byte > 0x7f || byte === escape) return decodeEscaped(source, start, end)
  }
  return readLatin1(source, start, end)
}

function decodeEscaped(source: Buffer, start: number, end: number): string {
  const plain = decodeBytes(source, start, end)
  return Buffer.from(plain.buffer, plain.byteOffset, plain.length).toString()
}

export function decodeBytes(source: Buffer, start: number, end: number): Uint8Array {
  let escapes = 0
  for (let i = start; i < end; i++) {
    if (source[i] === escape) {
      escapes++
      i++
    }
  }
  const bytes = new Uint8Array(end - start - escapes)
  for (let i = start, j = 0; i < end; i++, j++) {
    const byte = source[i] as number
    bytes[j] = byte === escape ? (source[++i] as number) - escapedZero : byte
  }
  return bytes
}
