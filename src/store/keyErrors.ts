import { inspect } from 'node:util'
import { TidemarkError } from '../errors.js'

/** The value, or one element of the tuple, has no place in the order of keys. */
export class KeyTypeError extends TidemarkError {
  /** The refused value itself: for a tuple, the element at fault. */
  readonly value: unknown

  constructor(value: unknown, problem: string) {
    super(`${describe(value)} cannot be a key: ${problem}.`, { code: 'TIDEMARK_KEY_TYPE' })
    this.value = value
  }
}

/** The encoded key is longer than an index node can hold. */
export class KeyTooLongError extends TidemarkError {
  readonly limitBytes: number
  /** How long the key had become when it was refused; what follows in a tuple was not measured. */
  readonly lengthBytes: number

  constructor(lengthBytes: number, limitBytes: number) {
    super(
      `The key takes at least ${lengthBytes} bytes encoded, and the limit is ${limitBytes}: shorten it, ` +
        'or use a digest of it as the key and keep the whole in the value.',
      { code: 'TIDEMARK_KEY_TOO_LONG' },
    )
    this.lengthBytes = lengthBytes
    this.limitBytes = limitBytes
  }
}

/** These bytes are not what `encodeKey` wrote. */
export class KeyCorruptError extends TidemarkError {
  constructor(offset: number, problem: string) {
    super(`The bytes of a key are damaged at offset ${offset}: ${problem}.`, { code: 'TIDEMARK_KEY_CORRUPT' })
  }
}

function describe(value: unknown): string {
  return inspect(value, {
    depth: 1,
    maxArrayLength: 4,
    maxStringLength: 60,
    breakLength: Number.POSITIVE_INFINITY,
  })
}
