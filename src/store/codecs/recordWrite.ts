import { asBigint, asFloat, putDoubleWord, putWord } from '../doubleWord.js'
import { putText, textForm } from '../text.js'
import { ValueTypeError } from '../valueErrors.js'
import { writeMsgpack } from './msgpack.js'
import { type Field, type Form, kinds, type Layout, longLength, longText } from './recordLayout.js'

// As in the writers of MessagePack, the end that is returned may lie beyond `target.length`: then it did not
// fit.

export function writeRecord(layout: Layout, value: unknown, target: Buffer, start: number): number {
  if (typeof value !== 'object' || value === null) throw new ValueTypeError(value, 'a record is an object')
  const record = value as Record<string, unknown>
  const { fields, presenceBytes } = layout
  let position = start + presenceBytes
  for (let i = start; i < position; i++) target[i] = 0
  let i = 0
  try {
    // Within `for in` a member is found without a search: worth it as long as members come in the order of
    // the fields.
    for (const member in record) {
      const { key, form, presenceBit } = fields[i] as Field
      if (member !== key) break
      if (presenceBit < 0) position = writeForm(form, record[member], target, position)
      else position = writeOptional(fields[i] as Field, record[member], target, start, position)
      if (++i === fields.length) return position
    }
    for (; i < fields.length; i++) {
      const { key, form, presenceBit } = fields[i] as Field
      if (presenceBit < 0) position = writeForm(form, record[key], target, position)
      else position = writeOptional(fields[i] as Field, record[key], target, start, position)
    }
  } catch (error) {
    throw ValueTypeError.within((fields[i] as Field).key, error)
  }
  return position
}

/** Writes a field that is there, and says so in the bits at `presence`. */
function writeOptional(
  field: Field,
  value: unknown,
  target: Buffer,
  presence: number,
  start: number,
): number {
  if (value === undefined) return start
  const byte = presence + (field.presenceBit >> 3)
  target[byte] = (target[byte] as number) | (1 << (field.presenceBit & 7))
  return writeForm(field.form, value, target, start)
}

function writeForm(form: Form, value: unknown, target: Buffer, start: number): number {
  switch (form.kind) {
    case kinds.string:
      if (typeof value !== 'string') throw refusal(form, value)
      return writeString(value, target, start)
    case kinds.int32:
      if (((value as number) | 0) !== value) throw refusal(form, value)
      putWord(target, start, value)
      return start + 4
    case kinds.number:
      if (typeof value !== 'number') throw refusal(form, value)
      asFloat[0] = value
      putDoubleWord(target, start)
      return start + 8
    case kinds.boolean:
      if (typeof value !== 'boolean') throw refusal(form, value)
      target[start] = value ? 1 : 0
      return start + 1
    case kinds.uint32:
      if ((value as number) >>> 0 !== value) throw refusal(form, value)
      putWord(target, start, value)
      return start + 4
    default:
      return writeRareForm(form, value, target, start)
  }
}

function writeRareForm(form: Form, value: unknown, target: Buffer, start: number): number {
  switch (form.kind) {
    case kinds.date:
      if (!(value instanceof Date)) throw refusal(form, value)
      asFloat[0] = value.getTime()
      putDoubleWord(target, start)
      return start + 8
    case kinds.bigint64:
      if (typeof value !== 'bigint') throw refusal(form, value)
      asBigint[0] = value
      if (asBigint[0] !== value) throw refusal(form, value)
      putDoubleWord(target, start)
      return start + 8
    case kinds.bigint:
      if (typeof value !== 'bigint') throw refusal(form, value)
      return writeMsgpack(value, target, start)
    case kinds.any:
      if (value === undefined) throw refusal(form, value)
      return writeMsgpack(value, target, start)
    case kinds.bytes:
      if (!(value instanceof Uint8Array)) throw refusal(form, value)
      return writeBytes(value, target, start)
    case kinds.array:
      if (!Array.isArray(value)) throw refusal(form, value)
      return writeArray(form.element as Form, value, target, start)
    default:
      return writeRecord(form.layout as Layout, value, target, start)
  }
}

export function writeString(value: string, target: Buffer, start: number): number {
  if (value.length < longText) {
    const end = putText(value, target, start + 1)
    const bytes = end - start - 1
    if (bytes < longText) {
      target[start] = (bytes << 2) | textForm
      return end
    }
  }
  const end = putText(value, target, start + 5)
  target[start] = (longText << 2) | textForm
  putWord(target, start + 1, end - start - 5)
  return end
}

function writeBytes(value: Uint8Array, target: Buffer, start: number): number {
  const position = writeLength(value.length, target, start)
  const end = position + value.length
  if (end <= target.length) target.set(value, position)
  return end
}

function writeArray(element: Form, value: readonly unknown[], target: Buffer, start: number): number {
  const length = value.length
  let position = writeLength(length, target, start)
  let i = 0
  try {
    for (; i < length && position <= target.length; i++)
      position = writeForm(element, value[i], target, position)
  } catch (error) {
    throw ValueTypeError.within(`[${i}]`, error)
  }
  return position
}

function writeLength(length: number, target: Buffer, start: number): number {
  if (length < longLength) {
    target[start] = length
    return start + 1
  }
  target[start] = longLength
  putWord(target, start + 1, length)
  return start + 5
}

function refusal(form: Form, value: unknown): ValueTypeError {
  return new ValueTypeError(value, `the field holds ${form.name}`)
}
