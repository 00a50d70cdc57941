import { escapesOf, numberOf } from './ednTokens.js'
import type { Value } from './operation.js'
import { byte, incomplete, TextReader } from './textReader.js'

/**
 * EDN (edn-format). Keywords and symbols become strings, lists and vectors arrays. A tag is dropped and its
 * value kept, so records of Jepsen read as the maps they are.
 */
export class EdnReader extends TextReader {
  peek(): number {
    for (;;) {
      const at = this.#skipBlank()
      if (at === semicolon) this.#skipLine()
      else if (at === byte.hash && this.#isNext(underscore)) this.#skipDiscarded()
      else if (at === caret) this.#skipMetadata()
      else return at
    }
  }

  value(): Value {
    const first = this.peek()
    switch (first) {
      case byte.quote:
        return this.string()
      case byte.open:
      case byte.listOpen:
        return this.#list()
      case byte.mapOpen:
        return this.#map()
      case byte.hash:
        return this.#dispatched()
      case byte.backslash:
        return this.#character()
      case byte.colon:
        return this.#keyword()
      default:
        return this.#token()
    }
  }

  openList(): boolean {
    const next = this.#untagged()
    if (next !== byte.open && next !== byte.listOpen) return false
    this.position += 1
    this.closers.push(next === byte.open ? byte.close : byte.listClose)
    return true
  }

  hasItem(_isFirst: boolean): boolean {
    const next = this.peek()
    if (next < 0) throw this.error('the end of a list')
    if (next !== this.closers[this.closers.length - 1]) return true
    this.position += 1
    this.closers.pop()
    return false
  }

  openMap(): boolean {
    if (this.#untagged() !== byte.mapOpen) return false
    this.position += 1
    return true
  }

  nextKey(_isFirst: boolean): number {
    const next = this.peek()
    this.isClosed = next === byte.mapClose
    if (this.isClosed) {
      this.position += 1
      return -1
    }
    if (next < 0) throw this.error('the end of a map')
    const start = this.position
    const number = this.name()
    if (number >= 0) return number
    this.position = start
    this.value()
    return -1
  }

  name(): number {
    const first = this.peek()
    if (first === byte.colon) {
      const start = this.position + 1
      const end = this.tokenEnd()
      if (end === start) throw this.error('the name of a keyword', undefined, start)
      this.position = end
      return this.cache.numberOf(this.bytes, start, end)
    }
    if (first !== byte.quote) return -1
    const start = this.position
    const end = this.stringEnd()
    if (this.hasEscapes) return -1
    this.position = end + 1
    return this.cache.numberOf(this.bytes, start + 1, end)
  }

  nil(): boolean {
    if (this.peek() !== letterN) return false
    const end = this.tokenEnd()
    if (this.bytes.toString('latin1', this.position, end) !== 'nil') return false
    this.position = end
    return true
  }

  unescape(raw: string, start: number): string {
    const text = escapesOf(raw)
    if (text === undefined) throw this.error('an escape of EDN within the string', undefined, start)
    return text
  }

  #skipBlank(): number {
    const { bytes, end } = this
    for (let i = this.position; i < end; i += 1) {
      const at = bytes[i]!
      if (at > byte.space && at !== byte.comma) {
        this.position = i
        return at
      }
      if (at === byte.newline) this.countLine(i)
    }
    this.position = end
    if (!this.isLast) throw incomplete
    return -1
  }

  #skipLine(): void {
    const newline = this.bytes.indexOf(byte.newline, this.position)
    if (newline >= 0 && newline < this.end) this.position = newline
    else if (this.isLast) this.position = this.end
    else throw incomplete
  }

  #skipDiscarded(): void {
    this.position += 2
    this.value()
  }

  #skipMetadata(): void {
    this.position += 1
    this.value()
  }

  #isNext(expected: number): boolean {
    if (this.position + 1 >= this.end && !this.isLast) throw incomplete
    return this.bytes[this.position + 1] === expected && this.position + 1 < this.end
  }

  /** The next byte after a tag such as that of a record. */
  #untagged(): number {
    for (let next = this.peek(); ; next = this.peek()) {
      if (next !== byte.hash || this.#isNext(byte.mapOpen) || this.#isNext(byte.hash)) return next
      this.position += 1
      this.position = this.tokenEnd()
    }
  }

  #list(): Value[] {
    const close = this.bytes[this.position] === byte.open ? byte.close : byte.listClose
    this.position += 1
    return this.#until(close)
  }

  #until(close: number): Value[] {
    const items: Value[] = []
    for (let next = this.peek(); next !== close; next = this.peek()) {
      if (next < 0) throw this.error(`'${String.fromCharCode(close)}'`)
      items.push(this.value())
    }
    this.position += 1
    return items
  }

  #map(): Map<Value, Value> {
    const start = this.position
    this.position += 1
    const items = this.#until(byte.mapClose)
    if (items.length % 2 === 1) throw this.error('a value for each key of a map', undefined, start)
    const map = new Map<Value, Value>()
    for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!)
    return map
  }

  /** A set, a symbolic number, or a value with a tag, of which the value is kept. */
  #dispatched(): Value {
    this.position += 1
    const next = this.position < this.end ? this.bytes[this.position] : this.peek()
    if (next === byte.mapOpen) {
      this.position += 1
      return new Set(this.#until(byte.mapClose))
    }
    if (next === byte.hash) {
      this.position += 1
      return this.#token('##')
    }
    this.position = this.tokenEnd()
    return this.value()
  }

  #keyword(): string {
    const start = this.position + 1
    const end = this.tokenEnd()
    if (end === start) throw this.error('the name of a keyword', undefined, start)
    this.position = end
    return this.bytes.toString('utf8', start, end)
  }

  #character(): string {
    const start = this.position
    this.position += 2
    const end = this.tokenEnd()
    this.position = end
    const name = this.bytes.toString('utf8', start + 1, end)
    const known = characters.get(name)
    if (known !== undefined) return known
    if (/^u[0-9a-fA-F]{4}$/.test(name)) return String.fromCharCode(Number.parseInt(name.slice(1), 16))
    if ([...name].length !== 1) throw this.error('a character', undefined, start)
    return name
  }

  #token(prefix = ''): Value {
    const start = this.position
    const end = this.tokenEnd()
    if (end === start) throw this.error('a value')
    const text = prefix + this.bytes.toString('utf8', start, end)
    const named = constants.get(text)
    this.position = end
    if (named !== undefined) return named
    const number = numberOf(text)
    if (number !== undefined) return number
    if (!isSymbol(text)) throw this.error('a value', undefined, start)
    return text
  }
}

const semicolon = 0x3b
const underscore = 0x5f
const caret = 0x5e
const letterN = 0x6e

const constants = new Map<string, Value>([
  ['nil', null],
  ['true', true],
  ['false', false],
  ['##NaN', Number.NaN],
  ['##Inf', Infinity],
  ['##-Inf', -Infinity],
])

const characters = new Map([
  ['newline', '\n'],
  ['return', '\r'],
  ['space', ' '],
  ['tab', '\t'],
  ['formfeed', '\f'],
  ['backspace', '\b'],
])

function isSymbol(text: string): boolean {
  return !/^[-+]?\d/.test(text) && /^[\p{L}\p{N}.*+!\-_?$%&=<>/:#']+$/u.test(text)
}
