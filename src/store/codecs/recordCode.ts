import { asFloat, getWord, lower, upper, words } from '../doubleWord.js'
import { nativeText, shortText } from '../nativeText.js'
import { getText } from '../text.js'
import { fixedBytes, kinds, type Layout } from './recordLayout.js'
import { readWholeRecord, wholeBytesMax } from './recordRead.js'
import { areInPlace, overwriterSource, patcherSource, readerSource, writerSource } from './recordSource.js'
import { writeRecord, writeString } from './recordWrite.js'

/** Up to here a loop over the bytes costs less than a native call. */
const loopedBytes = 64

type Read = (source: Buffer, start: number, end: number) => unknown
type Write = (value: unknown, target: Buffer, start: number) => number
type Patch = (value: unknown, target: Buffer, start: number, end: number) => number

/** A reader and a writer made for one layout. */
export interface RecordCode {
  readonly read: Read
  readonly write: Write
}

/** A reader and a writer of some of a layout's fields. */
export interface FieldsCode {
  readonly decode: Read
  readonly patch: Patch
  readonly isInPlace: boolean
}

/** What generated code calls, and where it leaves the bytes of numbers. */
const helpers = {
  words,
  upper,
  lower,
  asFloat,
  getWord,
  getText,
  shortText,
  wholeBytesMax,
  latin1: (source: Buffer, start: number, end: number) => nativeText(source).latin1Slice(start, end),
  writeText: writeString,
  copy: copyWithin,
} as const

/**
 * Code for a layout of texts and plain numbers; `undefined` for others, and where this process must not make
 * code from text (`--disallow-code-generation-from-strings`).
 */
export function codeOf(layout: Layout): RecordCode | undefined {
  if (!isSimple(layout) || !mayGenerate()) return undefined
  return {
    read: make<Read>(readerSource(layout), (source, start, end) =>
      readWholeRecord(layout, source, start, end),
    ),
    write: make<Write>(writerSource(layout), (value, target, start) =>
      writeRecord(layout, value, target, start),
    ),
  }
}

/** As `codeOf`, for some of the fields. `slow` does what the code leaves to it: all of it, or throws. */
export function fieldsCodeOf(
  layout: Layout,
  names: ReadonlySet<string>,
  slow: { readonly decode: Read; readonly patch: Patch },
): FieldsCode | undefined {
  if (!isSimple(layout) || !mayGenerate()) return undefined
  const isInPlace = areInPlace(layout, names)
  const patch = isInPlace ? overwriterSource(layout, names) : patcherSource(layout, names)
  const slowPatch: Patch = (value, target, start, end) => {
    if (isInPlace) return slow.patch(value, target, start, end)
    const first = (end + 3) & ~3
    const copyEnd = copyWithin(target, start, end, first)
    return copyEnd > target.length ? copyEnd : slow.patch(value, target, first, copyEnd)
  }
  const decode = make<Read>(readerSource(layout, names), (source, start, end) =>
    slow.decode(source, start, end),
  )
  return { decode, patch: make(patch, slowPatch), isInPlace }
}

function isSimple({ fields }: Layout): boolean {
  return fields.every(({ form }) => form.kind === kinds.string || fixedBytes[form.kind] !== undefined)
}

let canGenerate: boolean | undefined

function mayGenerate(): boolean {
  if (canGenerate !== undefined) return canGenerate
  try {
    canGenerate = make<() => boolean>('return () => true', undefined)()
  } catch (error) {
    if (!(error instanceof EvalError)) throw error
    canGenerate = false
  }
  return canGenerate
}

/** The only text of a user's in `source` are names of fields, as string literals. */
function make<F>(source: string, slow: F | undefined): F {
  // oxlint-disable-next-line typescript/no-implied-eval
  const factory = new Function(...Object.keys(helpers), 'slow', `'use strict'\n${source}`) as (
    ...values: unknown[]
  ) => F
  return factory(...Object.values(helpers), slow)
}

/** Copies bytes behind themselves, and answers where they end there, which may be beyond `target`. */
function copyWithin(target: Buffer, start: number, end: number, to: number): number {
  const length = end - start
  if (length > loopedBytes) target.copyWithin(to, start, end)
  else for (let i = 0; i < length; i++) target[to + i] = target[start + i]!
  return to + length
}
