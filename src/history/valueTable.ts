import type { Value } from './operation.js'
import { valueText } from './valueText.js'

/**
 * Values as numbers, so that columns can hold them: a whole number stands for itself, any other value is
 * kept once and its code ends in a half. Equal values have equal codes.
 */
export class ValueTable {
  readonly #others: Value[] = []
  readonly #codes = new Map<string, number>()

  codeOf(value: Value): number {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value + 0
    if (typeof value === 'bigint' && BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))) {
      return Number(value)
    }
    // Strings are by far the most common, and their text needs no escapes to be unique among themselves.
    const text = typeof value === 'string' ? `"${value}` : valueText(value)
    const known = this.#codes.get(text)
    if (known !== undefined) return known
    const code = this.#others.length + 0.5
    this.#others.push(value)
    this.#codes.set(text, code)
    return code
  }

  valueOf(code: number): Value {
    return Number.isInteger(code) ? code : this.#others[code - 0.5]!
  }
}
