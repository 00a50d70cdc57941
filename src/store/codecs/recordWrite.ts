import { asBigint, asFloat, putDoubleWord, putWord } from '../doubleWord.js'
import { putText, textForm } from '../text.js'
import { ValueTypeError } from '../valueErrors.js'
import { writeValue } from './msgpackWrite.js'
import { type Form, kinds, type Layout, longLength, longText } from './recordLayout.js'

// As in the writers of MessagePack, the end that is returned may lie beyond `target.length`: then it did not fit.

export function writeRecord(layout: Layout, value: unknown, target: Buffer, start: number): number {
  if (typeof value !== 'object' || value === null) throw new ValueTypeError(value, 'a record is an object')
  const record = value as Record<string, unknown>
  const { fields, presenceBytes } = layout
  let position = start + presenceBytes
  for (let i = start; i < position; i++) target[i] = 0
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] as (typeof fields)[number]
    const member = record[field.key]
    const bit = field.presenceBit
    if (bit >= 0) {
      if (member === undefined) continue
      const byte = start + (bit >> 3)
      target[byte] = (target[byte] as number) | (1 << (bit & 7))
    }
    const end = writeForm(field.form, member, target, position)
    if (end < 0) throw refusal(field.form, member, field.key)
    position = end
  }
  return position
}

/** Returns -1 for a value that is not of the form. */
function writeForm(form: Form, value: unknown, target: Buffer, start: number): number {
  switch (form.kind) {
    case kinds.string:
      return typeof value === 'string' ? writeString(value, target, start) : -1
    case kinds.int32:
      if ((value as number | 0) !== value) return -1
      putWord(target, start, value)
      return start + 4
    case kinds.number:
      if (typeof value !== 'number') return -1
      asFloat[0] = value
      putDoubleWord(target, start)
      return start + 8
    case kinds.boolean:
      if (typeof value !== 'boolean') return -1
      target[start] = value ? 1 : 0
      return start + 1
    case kinds.uint32:
      if ((value as number) >>> 0 !== value) return -1
      putWord(target, start, value)
      return start + 4
    default:
      return writeRareForm(form, value, target, start)
  }
}

function writeRareForm(form: Form, value: unknown, target: Buffer, start: number): number {
  switch (form.kind) {
    case kinds.date:
      if (!(value instanceof Date)) return -1
      asFloat[0] = value.getTime()
      putDoubleWord(target, start)
      return start + 8
    case kinds.bigint64:
      if (typeof value !== 'bigint') return -1
      asBigint[0] = value
      if (asBigint[0] !== value) return -1
      putDoubleWord(target, start)
      return start + 8
    case kinds.bigint:
      return typeof value === 'bigint' ? writeValue(value, target, start, 0) : -1
    case kinds.any:
      return value === undefined ? -1 : writeValue(value, target, start, 0)
    case kinds.bytes:
      return value instanceof Uint8Array ? writeBytes(value, target, start) : -1
    case kinds.array:
      return Array.isArray(value) ? writeArray(form.element as Form, value, target, start) : -1
    default:
      return typeof value === 'object' && value !== null
        ? writeRecord(form.layout as Layout, value, target, start)
        : -1
  }
}

function writeString(value: string, target: Buffer, start: number): number {
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
  for (let i = 0; i < length; i++) {
    const end = writeForm(element, value[i], target, position)
    if (end < 0) throw refusal(element, value[i], `[${i}]`)
    if (end > target.length) return end
    position = end
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
