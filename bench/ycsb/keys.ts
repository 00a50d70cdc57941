import { mix32, unmix32 } from '../generators/random.js'
import type { KeyKind, RecordKey } from '../targets/target.js'

/** Turns a record's number (0 to 2^31 - 1) into its key and back. */
export interface KeyForm {
  keyOf(number: number): RecordKey
  numberOf(key: RecordKey): number | undefined
}

const smallest = 2 ** 32
const userKeyPattern = /^user(\d{10})$/

export const keyForms: Readonly<Record<KeyKind, KeyForm>> = {
  integer: {
    keyOf: (number) => number,
    numberOf: (key) => (typeof key === 'number' ? key : undefined),
  },
  /**
   * As in YCSB, 'user' and a hash, so that records numbered in turn are not neighbours. The hash is one to
   * one, so that a key tells its record; its offset gives every key ten digits.
   */
  string: {
    keyOf: (number) => `user${smallest + mix32(number)}`,
    numberOf(key) {
      const digits = typeof key === 'string' ? userKeyPattern.exec(key)?.[1] : undefined
      return digits === undefined ? undefined : unmix32(Number(digits) - smallest)
    },
  },
}
