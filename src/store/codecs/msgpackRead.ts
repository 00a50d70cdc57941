import { copyBytes } from '../copyBytes.js'
import { asBigint, asFloat, getDoubleWord, getWord } from '../doubleWord.js'
import { nativeText, readLatin1, shortText } from '../nativeText.js'
import { ValueCorruptError } from '../valueErrors.js'
import { binaryKinds, depthLimit, extension, head } from './msgpackFormat.js'

/** Where the next value starts. No code of the user runs while one is read, so one pair is enough. */
export let position = 0
let limit = 0

/** Reads the one value that fills `[start, end)`. */
export function readWhole(source: Buffer, start: number, end: number): unknown {
  const value = readNext(source, start, end)
  if (position !== end) throw corrupt(`the value ends at ${position - start} of ${end - start} bytes`)
  return value
}

/** Reads the value at `start`, wherever it ends before `end`. */
export function readNext(source: Buffer, start: number, end: number): unknown {
  position = start
  limit = end
  return readValue(source, 0)
}

function readValue(source: Buffer, depth: number): unknown {
  if (position >= limit) throw corrupt('they are cut short')
  const first = source[position++] as number
  if (first < head.fixMap) return first
  if (first < head.fixArray) return readRecord(source, first & 0x0f, depth)
  if (first < head.fixText) return readArray(source, first & 0x0f, depth)
  if (first < head.nil) return readText(source, first & 0x1f)
  if (first >= head.negativeFixInt) return first - 0x100
  return readHeaded(source, first, depth)
}

function readHeaded(source: Buffer, first: number, depth: number): unknown {
  switch (first) {
    case head.nil:
      return null
    case head.false:
      return false
    case head.true:
      return true
    case head.uint8:
      return readUnsigned(source, 1)
    case head.uint16:
      return readUnsigned(source, 2)
    case head.uint32:
      return readUnsigned(source, 4)
    case head.int8:
      return (readUnsigned(source, 1) << 24) >> 24
    case head.int16:
      return (readUnsigned(source, 2) << 16) >> 16
    case head.int32:
      return readUnsigned(source, 4) | 0
    case head.float64:
      return readFloat(source)
    case head.int64:
      getDoubleWord(source, take(8))
      return asBigint[0]
    case head.text8:
      return readText(source, readUnsigned(source, 1))
    case head.text16:
      return readText(source, readUnsigned(source, 2))
    case head.text32:
      return readText(source, readUnsigned(source, 4))
    default:
      return readLarge(source, first, depth)
  }
}

function readLarge(source: Buffer, first: number, depth: number): unknown {
  switch (first) {
    case head.array16:
      return readArray(source, readUnsigned(source, 2), depth)
    case head.array32:
      return readArray(source, readUnsigned(source, 4), depth)
    case head.map16:
      return readRecord(source, readUnsigned(source, 2), depth)
    case head.map32:
      return readRecord(source, readUnsigned(source, 4), depth)
    case head.bytes8:
      return readBytes(source, readUnsigned(source, 1))
    case head.bytes16:
      return readBytes(source, readUnsigned(source, 2))
    case head.bytes32:
      return readBytes(source, readUnsigned(source, 4))
    case head.fixExtension1:
      if (source[take(2)] !== extension.undefined) throw corrupt('an extension is not known')
      return undefined
    case head.fixExtension8:
      if (source[take(1)] !== extension.date) throw corrupt('an extension is not known')
      return new Date(readFloat(source))
    case head.extension32:
      return readExtension(source, readUnsigned(source, 4), depth)
    default:
      throw corrupt(`${first} begins no value`)
  }
}

/** Passes over `bytes` and returns where they start. */
function take(bytes: number): number {
  const start = position
  if (bytes > limit - start) throw corrupt('they are cut short')
  position = start + bytes
  return start
}

function readUnsigned(source: Buffer, bytes: 1 | 2 | 4): number {
  const start = take(bytes)
  if (bytes === 1) return source[start] as number
  if (bytes === 2) return ((source[start] as number) << 8) | (source[start + 1] as number)
  return getWord(source, start) >>> 0
}

function readFloat(source: Buffer): number {
  getDoubleWord(source, take(8))
  return asFloat[0] as number
}

function readText(source: Buffer, bytes: number): string {
  const start = take(bytes)
  if (bytes > shortText) return nativeText(source).utf8Slice(start, position)
  for (let i = start; i < position; i++) {
    if ((source[i] as number) > 0x7f) return nativeText(source).utf8Slice(start, position)
  }
  return readLatin1(source, start, position)
}

function readBytes(source: Buffer, bytes: number): Uint8Array {
  const start = take(bytes)
  return copyBytes(source, start, position)
}

function readArray(source: Buffer, count: number, depth: number): unknown[] {
  enter(count, depth)
  const array: unknown[] = []
  for (let i = 0; i < count; i++) array.push(readValue(source, depth + 1))
  return array
}

function readRecord(source: Buffer, count: number, depth: number): Record<string, unknown> {
  enter(2 * count, depth)
  const record: Record<string, unknown> = {}
  for (let i = 0; i < count; i++) {
    const key = readKey(source)
    const value = readValue(source, depth + 1)
    // Assigning to it would set the prototype.
    if (key === '__proto__') Object.defineProperty(record, key, { value, ...ownProperty })
    else record[key] = value
  }
  return record
}

const ownProperty = { enumerable: true, configurable: true, writable: true }

/** Refuses counts that the bytes left cannot hold, before anything is made of that size. */
function enter(count: number, depth: number): void {
  if (count > limit - position) throw corrupt('they are cut short')
  if (depth === depthLimit) throw corrupt(`they nest more than ${depthLimit} levels`)
}

interface KnownKey {
  readonly bytes: Uint8Array
  readonly text: string
}

/** Keys read before, by a hash of their bytes: rows repeat them, and a string of 8 costs 22 ns to make. */
const knownKeys = Array.from({ length: 1024 }, (): KnownKey | undefined => undefined)
const knownKeysMask = knownKeys.length - 1

function readKey(source: Buffer): string {
  const first = position < limit ? (source[position] as number) : 0
  const bytes = first & 0x1f
  if ((first & 0xe0) !== head.fixText || bytes === 0) {
    const key = readValue(source, 0)
    if (typeof key !== 'string') throw corrupt('a key is not text')
    return key
  }
  position++
  const start = take(bytes)
  const hash = (source[start] as number) * 31 + (source[position - 1] as number) * 7
  const slot = (hash + (source[start + (bytes >> 1)] as number) * 131 + bytes * 17) & knownKeysMask
  const known = knownKeys[slot]
  if (known !== undefined && known.bytes.length === bytes && equals(known.bytes, source, start))
    return known.text
  const copy = copyBytes(source, start, position)
  const text = Buffer.from(copy.buffer).toString()
  knownKeys[slot] = { bytes: copy, text }
  return text
}

function equals(known: Uint8Array, source: Buffer, start: number): boolean {
  for (let i = 0; i < known.length; i++) if (known[i] !== source[start + i]) return false
  return true
}

function readExtension(source: Buffer, bytes: number, depth: number): unknown {
  const type = source[take(1)] as number
  const start = position
  if (bytes > limit - start) throw corrupt('they are cut short')
  if (type === extension.map || type === extension.set) {
    const content = type === extension.map ? readMap(source, depth) : readSet(source, depth)
    if (position !== start + bytes) throw corrupt('an extension is of another length')
    return content
  }
  take(bytes)
  switch (type) {
    case extension.text:
      return nativeText(source).ucs2Slice(start, position)
    case extension.bigint: {
      const magnitude = BigInt(`0x0${source.toString('hex', start + 1, position)}`)
      return source[start] === 1 ? -magnitude : magnitude
    }
    case extension.buffer:
      return copyBytes(source, start, position).buffer
    case extension.binary:
      return readBinary(source, start, position)
    default:
      throw corrupt('an extension is not known')
  }
}

function readMap(source: Buffer, depth: number): Map<unknown, unknown> {
  const count = readCount(source, head.fixMap, head.map16)
  enter(2 * count, depth)
  const map = new Map<unknown, unknown>()
  for (let i = 0; i < count; i++) {
    const key = readValue(source, depth + 1)
    map.set(key, readValue(source, depth + 1))
  }
  return map
}

function readSet(source: Buffer, depth: number): Set<unknown> {
  return new Set(readArray(source, readCount(source, head.fixArray, head.array16), depth))
}

function readCount(source: Buffer, fix: number, head16: number): number {
  const first = source[take(1)] as number
  if ((first & 0xf0) === fix) return first & 0x0f
  if (first === head16) return readUnsigned(source, 2)
  if (first === head16 + 1) return readUnsigned(source, 4)
  throw corrupt('an extension does not hold a collection')
}

function readBinary(source: Buffer, start: number, end: number): ArrayBufferView {
  const Kind = start < end ? binaryKinds[source[start] as number] : undefined
  if (Kind === undefined) throw corrupt('an array is of no known kind')
  return new Kind(copyBytes(source, start + 1, end).buffer)
}

function corrupt(problem: string): ValueCorruptError {
  return new ValueCorruptError('msgpack', problem)
}
