import { asBigint, asFloat, putDoubleWord, putWord } from '../doubleWord.js'
import { isWellFormed, nativeText } from '../nativeText.js'
import { ValueTypeError } from '../valueErrors.js'
import { binaryKinds, depthLimit, extension, head } from './msgpackFormat.js'

// Every writer returns the end of what it wrote. Past the end of `target` single bytes go nowhere, as typed
// arrays have it, and longer pieces are skipped, so an end beyond `target.length` says that the value does
// not fit: nothing before needs to ask for room. No state outlives a call, because getters of the value may
// run this codec again.

/** Up to here a loop over the characters costs less than a native call, and the length fits the head. */
const shortText = 16

export function writeValue(value: unknown, target: Buffer, start: number, depth: number): number {
  switch (typeof value) {
    case 'string':
      return writeText(value, target, start)
    case 'number':
      return writeNumber(value, target, start)
    case 'object':
      return writeObject(value, target, start, depth)
    case 'boolean':
      target[start] = value ? head.true : head.false
      return start + 1
    case 'undefined':
      target[start] = head.fixExtension1
      target[start + 1] = extension.undefined
      target[start + 2] = 0
      return start + 3
    case 'bigint':
      return writeBigint(value, target, start)
    default:
      throw new ValueTypeError(value, `a ${typeof value} has no bytes`)
  }
}

function writeObject(value: object | null, target: Buffer, start: number, depth: number): number {
  if (value === null) {
    target[start] = head.nil
    return start + 1
  }
  if (depth === depthLimit) {
    throw new ValueTypeError(value, `it holds itself, or lies more than ${depthLimit} levels deep`)
  }
  switch (Object.getPrototypeOf(value)) {
    case Object.prototype:
      return writeRecord(value as Record<string, unknown>, target, start, depth)
    case Array.prototype:
      return writeArray(value as readonly unknown[], target, start, depth)
    case Date.prototype:
      target[start] = head.fixExtension8
      target[start + 1] = extension.date
      asFloat[0] = (value as Date).getTime()
      putDoubleWord(target, start + 2)
      return start + 10
    case Map.prototype:
      return writeMap(value as ReadonlyMap<unknown, unknown>, target, start, depth)
    case Set.prototype:
      return writeSet(value as ReadonlySet<unknown>, target, start, depth)
    case Uint8Array.prototype:
    case Buffer.prototype:
      return writeBytes(value as Uint8Array, target, start)
    default:
      return writeRare(value, target, start, depth)
  }
}

function writeRare(value: object, target: Buffer, start: number, depth: number): number {
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === null || isRoot(prototype))
    return writeRecord(value as Record<string, unknown>, target, start, depth)
  const parent = Object.getPrototypeOf(prototype) as object | null
  if (Array.isArray(value) && parent !== null && isRoot(parent))
    return writeArray(value, target, start, depth)
  if (prototype === ArrayBuffer.prototype) return writeBuffer(value as ArrayBuffer, target, start)
  const kind = binaryKinds.findIndex((known) => known.prototype === prototype)
  if (kind !== -1) return writeBinary(value as ArrayBufferView, kind, target, start)
  throw new ValueTypeError(
    value,
    'only plain objects and built-in types come back as they were; store its data instead',
  )
}

/** The prototype of plain objects, also of those from another realm, such as a `node:vm` context. */
function isRoot(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

function writeRecord(value: Record<string, unknown>, target: Buffer, start: number, depth: number): number {
  const count = Object.keys(value).length
  let position = writeCount(count, head.fixMap, head.map16, target, start)
  let written = 0
  // Within `for in` a member is found without a search. Its own come first, then those of a tampered
  // Object.prototype.
  for (const key in value) {
    if (written === count) break
    position = writeValue(value[key], target, writeText(key, target, position), depth + 1)
    if (position > target.length) return position
    written++
  }
  if (written < count) throw new ValueTypeError(value, 'a getter of it took members away')
  return position
}

function writeArray(value: readonly unknown[], target: Buffer, start: number, depth: number): number {
  const length = value.length
  let position = writeCount(length, head.fixArray, head.array16, target, start)
  for (let i = 0; i < length; i++) {
    position = writeValue(value[i], target, position, depth + 1)
    if (position > target.length) return position
  }
  return position
}

function writeMap(
  value: ReadonlyMap<unknown, unknown>,
  target: Buffer,
  start: number,
  depth: number,
): number {
  let position = writeCount(value.size, head.fixMap, head.map16, target, start + extensionHead)
  for (const [key, member] of value) {
    position = writeValue(member, target, writeValue(key, target, position, depth + 1), depth + 1)
    if (position > target.length) return position
  }
  return closeExtension(extension.map, target, start, position)
}

function writeSet(value: ReadonlySet<unknown>, target: Buffer, start: number, depth: number): number {
  let position = writeCount(value.size, head.fixArray, head.array16, target, start + extensionHead)
  for (const member of value) {
    position = writeValue(member, target, position, depth + 1)
    if (position > target.length) return position
  }
  return closeExtension(extension.set, target, start, position)
}

/** `fix` holds counts below 16; `head16` and the head after it two and four bytes. */
function writeCount(count: number, fix: number, head16: number, target: Buffer, start: number): number {
  if (count < 16) {
    target[start] = fix | count
    return start + 1
  }
  if (count < 0x10000) {
    target[start] = head16
    target[start + 1] = count >>> 8
    target[start + 2] = count
    return start + 3
  }
  target[start] = head16 + 1
  putWord(target, start + 1, count)
  return start + 5
}

function writeNumber(value: number, target: Buffer, start: number): number {
  if ((value | 0) === value && (value !== 0 || 1 / value > 0)) return writeInteger(value, target, start)
  if (value >>> 0 === value && value !== 0) {
    target[start] = head.uint32
    putWord(target, start + 1, value)
    return start + 5
  }
  target[start] = head.float64
  asFloat[0] = value
  putDoubleWord(target, start + 1)
  return start + 9
}

function writeInteger(value: number, target: Buffer, start: number): number {
  if (value >= -0x20 && value < 0x80) {
    target[start] = value
    return start + 1
  }
  if (value >= -0x80 && value < 0x100) {
    target[start] = value < 0 ? head.int8 : head.uint8
    target[start + 1] = value
    return start + 2
  }
  if (value >= -0x8000 && value < 0x10000) {
    target[start] = value < 0 ? head.int16 : head.uint16
    target[start + 1] = value >>> 8
    target[start + 2] = value
    return start + 3
  }
  target[start] = value < 0 ? head.int32 : head.uint32
  putWord(target, start + 1, value)
  return start + 5
}

function writeText(value: string, target: Buffer, start: number): number {
  const length = value.length
  if (length > shortText) return writeLongText(value, target, start)
  target[start] = head.fixText | length
  const position = start + 1
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i)
    if (code > 0x7f) return writeLongText(value, target, start)
    target[position + i] = code
  }
  return position + length
}

function writeLongText(value: string, target: Buffer, start: number): number {
  const length = value.length
  const position = writeTextHead(length, target, start)
  const room = target.length - position
  if (length > room) return position + length
  const written = nativeText(target).utf8Write(value, position, room)
  // ASCII alone takes as many bytes as characters, unless the write stopped at a character that did not fit.
  if (written === length && (room > length + 3 || Buffer.byteLength(value) === length))
    return position + length
  return isWellFormed(value) ? writeUtf8(value, target, start) : writeUtf16(value, target, start)
}

function writeUtf8(value: string, target: Buffer, start: number): number {
  const bytes = Buffer.byteLength(value)
  const position = writeTextHead(bytes, target, start)
  if (position + bytes <= target.length) nativeText(target).utf8Write(value, position, bytes)
  return position + bytes
}

function writeUtf16(value: string, target: Buffer, start: number): number {
  const end = start + extensionHead + 2 * value.length
  if (end <= target.length) nativeText(target).ucs2Write(value, start + extensionHead, 2 * value.length)
  return closeExtension(extension.text, target, start, end)
}

function writeTextHead(bytes: number, target: Buffer, start: number): number {
  if (bytes < 0x20) {
    target[start] = head.fixText | bytes
    return start + 1
  }
  return writeLength(bytes, head.text8, target, start)
}

function writeBytes(value: Uint8Array, target: Buffer, start: number): number {
  const position = writeLength(value.length, head.bytes8, target, start)
  if (position + value.length <= target.length) target.set(value, position)
  return position + value.length
}

/** `head8` and the two after it hold lengths of one, two and four bytes. */
function writeLength(length: number, head8: number, target: Buffer, start: number): number {
  if (length < 0x100) {
    target[start] = head8
    target[start + 1] = length
    return start + 2
  }
  if (length < 0x10000) {
    target[start] = head8 + 1
    target[start + 1] = length >>> 8
    target[start + 2] = length
    return start + 3
  }
  target[start] = head8 + 2
  putWord(target, start + 1, length)
  return start + 5
}

function writeBinary(value: ArrayBufferView, kind: number, target: Buffer, start: number): number {
  const position = start + extensionHead
  target[position] = kind
  const end = position + 1 + value.byteLength
  if (end <= target.length)
    target.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), position + 1)
  return closeExtension(extension.binary, target, start, end)
}

function writeBuffer(value: ArrayBuffer, target: Buffer, start: number): number {
  const end = start + extensionHead + value.byteLength
  if (end <= target.length) target.set(new Uint8Array(value), start + extensionHead)
  return closeExtension(extension.buffer, target, start, end)
}

function writeBigint(value: bigint, target: Buffer, start: number): number {
  asBigint[0] = value
  if (asBigint[0] === value) {
    target[start] = head.int64
    putDoubleWord(target, start + 1)
    return start + 9
  }
  const digits = (value < 0n ? -value : value).toString(16)
  const magnitude = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  const position = start + extensionHead
  target[position] = value < 0n ? 1 : 0
  const end = position + 1 + magnitude.length
  if (end <= target.length) target.set(magnitude, position + 1)
  return closeExtension(extension.bigint, target, start, end)
}

/** A head, a four-byte length and the type. */
const extensionHead = 6

function closeExtension(type: number, target: Buffer, start: number, end: number): number {
  target[start] = head.extension32
  putWord(target, start + 1, end - start - extensionHead)
  target[start + 5] = type
  return end
}
