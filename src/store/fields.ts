import type { ValueCodec } from './codec.js'
import { fieldsCodeOfRecord } from './codecs/record.js'
import { ValueTypeError } from './valueErrors.js'

/** Reads and replaces some fields of the values of a codec. */
export interface FieldsCodec<V> {
  /** As of `ValueCodec`, but the answer has these fields alone. */
  decode(source: Buffer, start: number, end: number): V

  /**
   * Replaces the fields of the value that is at `[start, end)` of `target`, which nobody else uses. The
   * result begins there too if `isInPlace`; otherwise at the first multiple of four from `end` on. Its end
   * is returned, which lies beyond `target` or is negative if there is not enough room: then the value is
   * spoiled.
   */
  patch(value: V, target: Buffer, start: number, end: number): number

  readonly isInPlace: boolean
}

/** Records made of texts and numbers are read and written in part, values of other codecs as a whole. */
export function fieldsCodecOf<V>(codec: ValueCodec<unknown>, names: readonly string[]): FieldsCodec<V> {
  const slow = wholeFields(codec, names)
  return (fieldsCodeOfRecord(codec, new Set(names), slow) ?? slow) as FieldsCodec<V>
}

/** By way of the whole value. */
function wholeFields(codec: ValueCodec<unknown>, names: readonly string[]): FieldsCodec<unknown> {
  return {
    isInPlace: true,
    decode(source, start, end) {
      const whole = objectOf(codec.decode(source, start, end))
      const part: Record<string, unknown> = {}
      for (const name of names) if (Object.hasOwn(whole, name)) part[name] = whole[name]
      return part
    },
    patch(value, target, start, end) {
      const part = objectOf(value)
      const whole = { ...objectOf(codec.decode(target, start, end)) }
      for (const name of names) whole[name] = part[name]
      return codec.encode(whole, target, start)
    },
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw new ValueTypeError(value, 'only an object has fields')
}
