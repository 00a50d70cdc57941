import { copyBytes } from '../copyBytes.js'
import { asBigint, asFloat, getDoubleWord, getWord } from '../doubleWord.js'
import { nativeText, shortText } from '../nativeText.js'
import { getText, latin1 } from '../text.js'
import { ValueCorruptError } from '../valueErrors.js'
import { position as msgpackEnd, readNext } from './msgpackRead.js'
import { type Field, type Form, kinds, type Layout, longLength, longText } from './recordLayout.js'

/** What is being read: no code of the user runs before `readWholeRecord` returns, so one pair is enough. */
let position = 0
let limit = 0
/** The bytes from `wholeStart` to `limit` as Latin-1, for the texts in them; undefined until one is read. */
let whole: string | undefined
let wholeStart = 0

/**
 * One native call reads all short records' texts: a part of a string costs less than a call of its own. The
 * part keeps the whole in memory, so this is for records that are not much larger than their texts.
 */
export const wholeBytesMax = 1024
const noWhole = -1

/** Reads the one record that fills `[start, end)`. */
export function readWholeRecord(layout: Layout, source: Buffer, start: number, end: number): unknown {
  position = start
  limit = end
  whole = undefined
  wholeStart = layout.hasTexts && end - start <= wholeBytesMax ? start : noWhole
  const record = readRecord(layout, source)
  if (position !== end) throw corrupt(`the value ends at ${position - start} of ${end - start} bytes`)
  return record
}

function readRecord(layout: Layout, source: Buffer): Record<string, unknown> {
  const { fields, presenceBytes } = layout
  const presence = take(presenceBytes)
  const record: Record<string, unknown> = {}
  for (let i = 0; i < fields.length; i++) {
    const { key, form, presenceBit: bit } = fields[i] as Field
    if (bit >= 0 && (((source[presence + (bit >> 3)] as number) >> (bit & 7)) & 1) === 0) continue
    record[key] = readForm(form, source)
  }
  return record
}

function readForm(form: Form, source: Buffer): unknown {
  switch (form.kind) {
    case kinds.string:
      return readString(source)
    case kinds.int32:
      return getWord(source, take(4))
    case kinds.number:
      getDoubleWord(source, take(8))
      return asFloat[0]
    case kinds.boolean:
      return source[take(1)] === 1
    case kinds.uint32:
      return getWord(source, take(4)) >>> 0
    case kinds.date:
      getDoubleWord(source, take(8))
      return new Date(asFloat[0] as number)
    case kinds.bigint64:
      getDoubleWord(source, take(8))
      return asBigint[0]
    case kinds.bigint:
    case kinds.any:
      return readMsgpack(source)
    case kinds.bytes: {
      const length = readLength(source)
      const start = take(length)
      return copyBytes(source, start, position)
    }
    case kinds.array:
      return readArray(form.element as Form, source)
    default:
      return readRecord(form.layout as Layout, source)
  }
}

function readString(source: Buffer): string {
  const first = source[take(1)] as number
  const short = first >> 2
  const bytes = short === longText ? getWord(source, take(4)) >>> 0 : short
  const start = take(bytes)
  if ((first & 3) === latin1 && bytes > shortText && wholeStart !== noWhole) {
    whole ??= nativeText(source).latin1Slice(wholeStart, limit)
    return whole.slice(start - wholeStart, position - wholeStart)
  }
  const text = getText(first & 3, source, start, position)
  if (text === undefined) throw corrupt(`${first & 3} is no form of text`)
  return text
}

function readMsgpack(source: Buffer): unknown {
  const value = readNext(source, position, limit)
  position = msgpackEnd
  return value
}

function readArray(element: Form, source: Buffer): unknown[] {
  const count = readLength(source)
  if (count > limit - position) throw corrupt('they are cut short')
  const array: unknown[] = []
  for (let i = 0; i < count; i++) array.push(readForm(element, source))
  return array
}

function readLength(source: Buffer): number {
  const first = source[take(1)] as number
  return first === longLength ? getWord(source, take(4)) >>> 0 : first
}

/** Passes over `bytes` and returns where they start. */
function take(bytes: number): number {
  const start = position
  if (bytes > limit - start) throw corrupt('they are cut short')
  position = start + bytes
  return start
}

function corrupt(problem: string): ValueCorruptError {
  return new ValueCorruptError('record', problem)
}
