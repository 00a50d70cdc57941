import { PayloadError } from './errors.js'
import { getU16, getU32, putU16, putU32 } from './littleEndian.js'

/**
 * A transaction's payload is its entries, back to back:
 *
 *     u16 table, u16 key length, u32 value length or 0xFFFFFFFF for a removed key, key, value
 */
export const entryHeaderBytes = 8
const removedLength = 0xffff_ffff
/** As the length of a value: the key is removed. */
export const removedValue = -1

const u16Limit = 2 ** 16

/**
 * The payload that one thread is putting together, in a buffer that is used again for the next one. `bytes`
 * is another buffer after each growth, and `words` the same bytes.
 */
export class PayloadWriter {
  bytes: Buffer
  words: Int32Array
  lengthBytes = 0

  constructor(capacityBytes: number = 64 * 1024) {
    this.words = new Int32Array(capacityBytes >> 2)
    this.bytes = Buffer.from(this.words.buffer)
  }

  clear(): void {
    this.lengthBytes = 0
  }

  /**
   * Adds an entry but for its key and value, which the caller copies into `bytes`, one behind the other, at
   * the offset returned. `valueBytes` is `removedValue` where the key is removed.
   */
  entry(table: number, keyBytes: number, valueBytes: number): number {
    const at = this.lengthBytes
    const start = at + entryHeaderBytes
    const end = start + keyBytes + (valueBytes === removedValue ? 0 : valueBytes)
    if (end > this.bytes.length) this.#grow(end)
    putU16(this.bytes, at, table)
    putU16(this.bytes, at + 2, keyBytes)
    putU32(this.bytes, at + 4, valueBytes)
    this.lengthBytes = end
    return start
  }

  #grow(neededBytes: number): void {
    const { bytes } = this
    this.words = new Int32Array((Math.max(neededBytes, bytes.length * 2) + 3) >> 2)
    this.bytes = Buffer.from(this.words.buffer)
    this.bytes.set(bytes)
  }
}

/** Walks the entries of a transaction's payload; one reader serves many payloads. */
export class PayloadReader {
  table = 0
  keyStart = 0
  keyEnd = 0
  valueStart = 0
  /** `removedValue` if the key was removed. */
  valueEnd = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #next = 0
  #end = 0

  /** Begins with the payload `bytes[start, end)`. */
  open(bytes: Uint8Array, start: number, end: number): this {
    this.#bytes = bytes
    this.#next = start
    this.#end = end
    return this
  }

  /**
   * Steps to the next entry; false after the last one.
   *
   * Throws `PayloadError` if the lengths do not add up, which no damage explains: the checksum was right.
   */
  next(): boolean {
    const at = this.#next
    if (at === this.#end) return false
    const bytes = this.#bytes
    const start = at + entryHeaderBytes
    if (start > this.#end) throw new PayloadError('the payload ends inside the head of an entry')
    this.table = getU16(bytes, at)
    this.keyStart = start
    this.keyEnd = this.valueStart = start + getU16(bytes, at + 2)
    const valueBytes = getU32(bytes, at + 4)
    const isRemoved = valueBytes === removedLength
    const end = this.valueStart + (isRemoved ? 0 : valueBytes)
    if (end > this.#end) throw new PayloadError('the payload ends inside an entry')
    this.valueEnd = isRemoved ? removedValue : end
    this.#next = end
    return true
  }

  get isRemoved(): boolean {
    return this.valueEnd === removedValue
  }
}

/** What a table frame says: the number that entries use for a table, its name, and its codec's name. */
export interface TableRecord {
  readonly id: number
  readonly name: string
  readonly format: string
}

const tableHeaderBytes = 6

/** The payload of a table frame: u16 id, u16 length of the name, u16 length of the format, name, format. */
export function encodeTable({ id, name, format }: TableRecord): Buffer {
  const nameBytes = Buffer.from(name)
  const formatBytes = Buffer.from(format)
  for (const part of [nameBytes, formatBytes]) {
    if (part.length >= u16Limit)
      throw new PayloadError(
        `a table's name or format has ${part.length} bytes; the limit is ${u16Limit - 1}`,
      )
  }
  const head = Buffer.alloc(tableHeaderBytes)
  putU16(head, 0, id)
  putU16(head, 2, nameBytes.length)
  putU16(head, 4, formatBytes.length)
  return Buffer.concat([head, nameBytes, formatBytes])
}

/** Throws `PayloadError` if the lengths do not add up. */
export function decodeTable(bytes: Buffer, start: number, end: number): TableRecord {
  const nameStart = start + tableHeaderBytes
  if (nameStart > end) throw new PayloadError('the payload of a table frame is too short')
  const formatStart = nameStart + getU16(bytes, start + 2)
  if (formatStart + getU16(bytes, start + 4) !== end)
    throw new PayloadError('the lengths in a table frame do not add up')
  return {
    id: getU16(bytes, start),
    name: bytes.toString('utf8', nameStart, formatStart),
    format: bytes.toString('utf8', formatStart, end),
  }
}
