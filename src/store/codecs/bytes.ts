import type { ValueCodec } from '../codec.js'
import { copyBytes } from '../copyBytes.js'
import { ValueTypeError } from '../valueErrors.js'

/** Bytes as they are. Each read returns a fresh, plain Uint8Array, whatever subclass was stored. */
export const bytes: ValueCodec<Uint8Array> = { name: 'bytes', encode, decode }

function encode(value: Uint8Array, target: Buffer, start: number): number {
  if (!(value instanceof Uint8Array)) throw new ValueTypeError(value, 'the table keeps Uint8Arrays')
  const end = start + value.length
  if (end > target.length) return -1
  target.set(value, start)
  return end
}

function decode(source: Buffer, start: number, end: number): Uint8Array {
  return copyBytes(source, start, end)
}
