/**
 * Strings by their bytes: a name that occurs again costs a hash of its bytes, not a new string. Only short
 * ones of ASCII are kept, in a table that is emptied when it is full of names that occur once.
 */
export class StringCache {
  /** By number: the string, and whatever its user keeps with it (NaN at first). */
  readonly texts: string[] = []
  readonly codes: number[] = []
  readonly #bytes = new Uint8Array(slots * maxBytes)
  readonly #lengths = new Uint8Array(slots)
  readonly #numbers = new Int32Array(slots)

  /** The number of the string, or -1 when it is none for this table. */
  numberOf(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start
    if (length > maxBytes) return -1
    let hash = length
    for (let i = start; i < end; i += 1) {
      const byte = bytes[i]!
      if (byte >= 0x80) return -1
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
    const slot = (hash ^ (hash >>> 15)) & (slots - 1)
    if (this.#lengths[slot] === length + 1 && this.#isAt(slot, bytes, start, end)) return this.#numbers[slot]!
    return this.#put(slot, bytes, start, end)
  }

  #isAt(slot: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = slot * maxBytes - start
    for (let i = start; i < end; i += 1) if (this.#bytes[from + i] !== bytes[i]) return false
    return true
  }

  /** A string that falls on the slot of another takes its place. */
  #put(slot: number, bytes: Uint8Array, start: number, end: number): number {
    const number = this.#lengths[slot] === 0 ? this.texts.length : this.#numbers[slot]!
    this.#bytes.set(bytes.subarray(start, end), slot * maxBytes)
    this.#lengths[slot] = end - start + 1
    this.#numbers[slot] = number
    this.texts[number] = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
    this.codes[number] = Number.NaN
    return number
  }
}

const slots = 8192
const maxBytes = 24
