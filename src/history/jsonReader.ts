import type { Value } from './operation.js'
import { byte, incomplete, TextReader } from './textReader.js'

/** JSON (RFC 8259). Objects become maps with string keys, whole numbers stay exact at any size. */
export class JsonReader extends TextReader {
  peek(): number {
    const { bytes, end } = this
    for (let i = this.position; i < end; i += 1) {
      const at = bytes[i]!
      if (at > byte.space) {
        this.position = i
        return at
      }
      if (at === byte.newline) this.countLine(i)
    }
    this.position = end
    if (!this.isLast) throw incomplete
    return -1
  }

  value(): Value {
    const first = this.peek()
    if (first === byte.quote) return this.string()
    if (first === byte.open) return this.#list()
    if (first === byte.mapOpen) return this.#map()
    return this.#literal()
  }

  openList(): boolean {
    return this.#open(byte.open)
  }

  hasItem(isFirst: boolean): boolean {
    return this.#hasMore(isFirst, byte.close, 'an array')
  }

  openMap(): boolean {
    return this.#open(byte.mapOpen)
  }

  nextKey(isFirst: boolean): number {
    this.isClosed = !this.#hasMore(isFirst, byte.mapClose, 'an object')
    if (this.isClosed) return -1
    if (this.peek() !== byte.quote) throw this.error('a key in double quotes')
    const start = this.position
    let number = this.name()
    if (number < 0) {
      this.position = start
      this.string()
      number = -1
    }
    this.#takeColon()
    return number
  }

  name(): number {
    if (this.peek() !== byte.quote) return -1
    const start = this.position
    const end = this.stringEnd()
    if (this.hasEscapes) return -1
    this.position = end + 1
    return this.cache.numberOf(this.bytes, start + 1, end)
  }

  nil(): boolean {
    // 'n' begins nothing else in JSON.
    if (this.peek() !== letterN) return false
    const end = this.tokenEnd()
    if (end - this.position === 4 && this.bytes[this.position + 1] === letterU) this.position = end
    else this.#literal()
    return true
  }

  unescape(raw: string, start: number): string {
    return this.#parse(`"${raw}"`, start) as string
  }

  #open(bracket: number): boolean {
    if (this.peek() !== bracket) return false
    this.position += 1
    return true
  }

  #hasMore(isFirst: boolean, close: number, what: string): boolean {
    const next = this.peek()
    if (next === close) {
      this.position += 1
      return false
    }
    if (isFirst) return true
    if (next !== byte.comma) throw this.error(`a comma or the end of ${what}`)
    this.position += 1
    return true
  }

  #takeColon(): void {
    if (this.peek() !== byte.colon) throw this.error('a colon after the key')
    this.position += 1
  }

  #list(): Value[] {
    this.openList()
    const items: Value[] = []
    for (let isFirst = true; this.hasItem(isFirst); isFirst = false) items.push(this.value())
    return items
  }

  #map(): Map<Value, Value> {
    this.openMap()
    const map = new Map<Value, Value>()
    for (let isFirst = true; this.#hasMore(isFirst, byte.mapClose, 'an object'); isFirst = false) {
      if (this.peek() !== byte.quote) throw this.error('a key in double quotes')
      const key = this.string()
      this.#takeColon()
      map.set(key, this.value())
    }
    return map
  }

  #literal(): Value {
    const start = this.position
    const whole = start < this.end ? this.wholeNumber() : Number.NaN
    if (!Number.isNaN(whole)) return whole
    const end = this.tokenEnd()
    const text = this.bytes.toString('utf8', start, end)
    const parsed = this.#parse(text, start)
    this.position = end
    return typeof parsed === 'number' && /^-?\d+$/.test(text) && !Number.isSafeInteger(parsed)
      ? BigInt(text)
      : parsed
  }

  #parse(text: string, start: number): Value {
    try {
      return JSON.parse(text) as Value
    } catch {
      throw this.error('a JSON value', this.foundText(start), start)
    }
  }
}

const letterN = 0x6e
const letterU = 0x75
