import type { ValueCodec } from '../codec.js'
import { getText, putText, textForm } from '../text.js'
import { ValueCorruptError, ValueTypeError } from '../valueErrors.js'

/**
 * Strings, exactly: lone surrogates are kept. Text within Latin-1 takes a byte a character, and one more in
 * all.
 */
export const string: ValueCodec<string> = { name: 'string', encode, decode }

function encode(value: string, target: Buffer, start: number): number {
  if (typeof value !== 'string') throw new ValueTypeError(value, 'the table keeps strings')
  const end = putText(value, target, start + 1)
  if (end > target.length) return -1
  target[start] = textForm
  return end
}

function decode(source: Buffer, start: number, end: number): string {
  const form = start < end ? (source[start] as number) : -1
  const text = getText(form, source, start + 1, end)
  if (text === undefined) throw new ValueCorruptError('string', `${form} is no form of text`)
  return text
}
