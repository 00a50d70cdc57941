import type { UntypedCodec } from '../codec.js'
import { nativeText } from '../nativeText.js'
import { ValueTypeError } from '../valueErrors.js'

/**
 * What `JSON.stringify` makes of a value, as UTF-8. It keeps what JSON keeps: a Date comes back as a string,
 * NaN as null, a Map as `{}`, and members that are undefined or functions are left out. `msgpack` is the
 * exact one.
 */
export const json: UntypedCodec = { name: 'json', encode, decode }

const utf8BytesPerUnit = 3

function encode(value: unknown, target: Buffer, start: number): number {
  const text = stringify(value)
  const room = target.length - start
  if (text.length > room) return -1
  if (text.length * utf8BytesPerUnit > room && Buffer.byteLength(text) > room) return -1
  return start + nativeText(target).utf8Write(text, start, room)
}

function decode<V>(source: Buffer, start: number, end: number): V {
  return JSON.parse(nativeText(source).utf8Slice(start, end)) as V
}

function stringify(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new ValueTypeError(value, `JSON has no text for it (${(cause as Error).message})`)
  }
  if (text === undefined) throw new ValueTypeError(value, 'JSON has no text for it')
  return text
}
