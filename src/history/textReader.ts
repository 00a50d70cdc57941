import { HistoryFormatError } from './errors.js'
import type { Value } from './operation.js'
import { StringCache } from './stringCache.js'
import type { ValueTable } from './valueTable.js'

/** Thrown when the text so far ends within a value: the caller reads more and begins that value again. */
export const incomplete: Error = new Error('the text ends within a value')

export const byte = {
  tab: 0x09,
  newline: 0x0a,
  return: 0x0d,
  space: 0x20,
  quote: 0x22,
  hash: 0x23,
  listOpen: 0x28,
  listClose: 0x29,
  comma: 0x2c,
  minus: 0x2d,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  open: 0x5b,
  backslash: 0x5c,
  close: 0x5d,
  mapOpen: 0x7b,
  mapClose: 0x7d,
} as const

/** A place in the text to go back to, within one window. */
export interface Mark {
  readonly position: number
  readonly line: number
  readonly lineStart: number
  readonly depth: number
}

/** What the readers of JSON and EDN have in common: a window of bytes, and values that are taken from it. */
export abstract class TextReader {
  bytes: Buffer = Buffer.alloc(0)
  position = 0
  end = 0
  /** No more text follows `end`. */
  isLast = false
  line = 1
  /** Position of the first byte of the line; negative when it was in an earlier window. */
  lineStart = 0
  readonly cache: StringCache = new StringCache()
  readonly #table: ValueTable
  readonly #file: string | undefined

  constructor(table: ValueTable, file: string | undefined) {
    this.#table = table
    this.#file = file
  }

  /** The first byte of the next value or bracket, which is not taken; -1 at the end of the text. */
  abstract peek(): number
  /** Takes any value. */
  abstract value(): Value
  /** Takes an opening bracket of a list, if that is next. */
  abstract openList(): boolean
  /** True when an item follows; else takes the closing bracket. `isFirst` for the item after the opening. */
  abstract hasItem(isFirst: boolean): boolean
  /** Takes the opening bracket of a map, if that is next. */
  abstract openMap(): boolean
  /** Takes the next key of a map, as the number of a string of the cache, or -1 for any other key. */
  abstract nextKey(isFirst: boolean): number
  /** True when the last `nextKey` took a closing bracket. */
  isClosed = false
  /** Takes a name (a string, or a keyword) if that is next: its number in the cache, or -1 if it is none. */
  abstract name(): number
  /** Takes nothing's name if that is next. */
  abstract nil(): boolean

  /** Takes a value and gives its code. */
  code(): number {
    const first = this.peek()
    if (first <= byte.nine && (first >= byte.zero || first === byte.minus)) {
      const whole = this.wholeNumber()
      if (!Number.isNaN(whole)) return whole
      return this.#table.codeOf(this.value())
    }
    const start = this.position
    const number = this.name()
    if (number < 0) {
      this.position = start
      return this.#table.codeOf(this.value())
    }
    const known = this.cache.codes[number]!
    if (!Number.isNaN(known)) return known
    const code = this.#table.codeOf(this.cache.texts[number]!)
    this.cache.codes[number] = code
    return code
  }

  /** Takes a whole number of up to 15 digits; else NaN, and takes nothing. */
  wholeNumber(): number {
    const { bytes, end } = this
    const isNegative = bytes[this.position] === byte.minus
    const start = isNegative ? this.position + 1 : this.position
    let i = start
    let whole = 0
    for (; i < end; i += 1) {
      const digit = bytes[i]! - byte.zero
      if (digit < 0 || digit > 9) break
      whole = whole * 10 + digit
    }
    if (i === end && !this.isLast) throw incomplete
    const hasLeadingZero = i - start > 1 && bytes[start] === byte.zero
    if (i === start || i - start > 15 || hasLeadingZero) return Number.NaN
    if (i < end && !isDelimiter(bytes[i]!)) return Number.NaN
    this.position = i
    return isNegative ? 0 - whole : whole
  }

  /** The end of the run of bytes that are no delimiters. */
  tokenEnd(): number {
    let i = this.position
    while (i < this.end && !isDelimiter(this.bytes[i]!)) i += 1
    if (i === this.end && !this.isLast) throw incomplete
    return i
  }

  /** The bytes of a string between its quotes; the position is after them. Sets `hasEscapes`. */
  stringEnd(): number {
    const { bytes, end } = this
    this.hasEscapes = false
    for (let i = this.position + 1; i < end; i += 1) {
      const at = bytes[i]!
      if (at === byte.quote) return i
      if (at === byte.backslash) {
        this.hasEscapes = true
        i += 1
      }
    }
    if (!this.isLast) throw incomplete
    throw this.error('the end of a string', 'the end of the text')
  }

  hasEscapes = false

  /** The closing brackets of the lists that `openList` has opened, as EDN has two kinds. */
  readonly closers: number[] = []

  mark(): Mark {
    const { position, line, lineStart } = this
    return { position, line, lineStart, depth: this.closers.length }
  }

  reset({ position, line, lineStart, depth }: Mark): void {
    this.position = position
    this.line = line
    this.lineStart = lineStart
    this.closers.length = depth
  }

  /** Takes a string whose quote is next. */
  string(): string {
    const start = this.position
    const end = this.stringEnd()
    this.position = end + 1
    const raw = this.bytes.toString('utf8', start + 1, end)
    return this.hasEscapes ? this.unescape(raw, start) : raw
  }

  abstract unescape(raw: string, start: number): string

  countLine(at: number): void {
    this.line += 1
    this.lineStart = at + 1
  }

  error(expected: string, found?: string, at: number = this.position): HistoryFormatError {
    const place = { line: this.line, column: at - this.lineStart + 1 }
    const named = this.#file === undefined ? place : { ...place, file: this.#file }
    return new HistoryFormatError(named, expected, found ?? this.foundText(at))
  }

  foundText(at: number): string {
    if (at >= this.end) return 'the end of the text'
    const text = this.bytes.toString('utf8', at, Math.min(this.end, at + 40))
    return `'${/^[^\n]{1,24}/.exec(text)?.[0] ?? text.slice(0, 1)}'`
  }
}

/** In both formats: what ends a number, a keyword or a symbol. */
export function isDelimiter(at: number): boolean {
  return delimiters[at] === 1
}

const delimiters = new Uint8Array(256)
for (const at of '\t\n\r ",()[]{};\f') delimiters[at.charCodeAt(0)] = 1
