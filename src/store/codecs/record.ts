import { inspect } from 'node:util'
import type { ValueCodec } from '../codec.js'
import { codeOf, type FieldsCode, fieldsCodeOf } from './recordCode.js'
import { type Field, type Form, kinds, type Layout } from './recordLayout.js'
import { readWholeRecord } from './recordRead.js'
import { writeRecord } from './recordWrite.js'

/**
 * The types a field may be of by name. `int32` and `uint32` hold -0 as 0; `number` holds any number, and
 * `any` what `msgpack` holds.
 */
export interface FieldTypes {
  readonly boolean: boolean
  readonly int32: number
  readonly uint32: number
  readonly number: number
  readonly bigint64: bigint
  readonly bigint: bigint
  readonly string: string
  readonly bytes: Uint8Array
  readonly date: Date
  readonly any: unknown
}

export interface ArrayField<E extends FieldType = FieldType> {
  readonly arrayOf: E
}

export interface OptionalField<T extends FieldType = FieldType> {
  readonly optional: T
}

/** The type of a field or of the elements of an array: a name, `arrayOf(...)` or another record. */
export type FieldType = keyof FieldTypes | ArrayField | RecordCodec<unknown>

export type RecordFields = Readonly<Record<string, FieldType | OptionalField>>

/** A codec made by `record`, which may also stand as a field of another. */
export interface RecordCodec<V> extends ValueCodec<V> {
  readonly fields: RecordFields
}

export type FieldValue<T> = T extends keyof FieldTypes
  ? FieldTypes[T]
  : T extends ArrayField<infer E>
    ? readonly FieldValue<E>[]
    : T extends RecordCodec<infer V>
      ? V
      : never

type OptionalKey<F> = { [K in keyof F]: F[K] extends OptionalField ? K : never }[keyof F]

/** The values that a record of these fields holds. */
export type RecordValue<F> = {
  -readonly [K in Exclude<keyof F, OptionalKey<F>>]: FieldValue<F[K]>
} & {
  -readonly [K in OptionalKey<F>]?: (F[K] extends OptionalField<infer T> ? FieldValue<T> : never) | undefined
}

/**
 * Values of one shape, packed without their keys: smaller than `msgpack` and faster to write and read.
 *
 * ```ts
 * const account = record({ owner: 'string', balance: 'int32', tags: arrayOf('string'), note:
 * optional('string') })
 * ```
 *
 * Every field must be there and of its type unless it is optional; an optional field that is undefined comes
 * back absent. Members that no field names are left out, without an error.
 */
export function record<const F extends RecordFields>(fields: F): RecordCodec<RecordValue<F>> {
  const layout = layoutOf(fields)
  const code = codeOf(layout)
  const write = code?.write ?? ((value, target, start) => writeRecord(layout, value, target, start))
  const read = code?.read ?? ((source, start, end) => readWholeRecord(layout, source, start, end))
  const codec: RecordCodec<RecordValue<F>> = {
    name: layout.name,
    fields,
    encode(value, target, start) {
      const end = write(value, target, start)
      return end > target.length ? -1 : end
    },
    decode: read as (source: Buffer, start: number, end: number) => RecordValue<F>,
  }
  layouts.set(codec, layout)
  return codec
}

/**
 * Code that reads and replaces the fields of these names in records of a codec made by `record`; `undefined`
 * for other codecs, and where there is no such code. Throws a `TypeError` if the record has no such field.
 */
export function fieldsCodeOfRecord(
  codec: object,
  names: ReadonlySet<string>,
  slow: Pick<FieldsCode, 'decode' | 'patch'>,
): FieldsCode | undefined {
  const layout = layouts.get(codec)
  if (layout === undefined) return undefined
  for (const name of names)
    if (!layout.fields.some(({ key }) => key === name)) throw new TypeError(`The record has no field ${name}`)
  return fieldsCodeOf(layout, names, slow)
}

/** An array whose elements are all of one type. */
export function arrayOf<const E extends FieldType>(element: E): ArrayField<E> {
  return { arrayOf: element }
}

/** A field that may be missing. */
export function optional<const T extends FieldType>(type: T): OptionalField<T> {
  return { optional: type }
}

/** What `record` made of its fields, for the records around it. */
const layouts = new WeakMap<object, Layout>()

/** How records of these fields are written. */
export function layoutOf(types: RecordFields): Layout {
  const keys = Object.keys(types)
  if (keys.length === 0) throw new TypeError('A record needs a field')
  if (Object.hasOwn(types, '__proto__')) throw new TypeError('A field cannot be named __proto__')
  let optionals = 0
  const fields = keys.map((key): Field => {
    const type = types[key] as FieldType | OptionalField
    if (typeof type !== 'object' || !('optional' in type))
      return { key, form: formOf(type, key), presenceBit: -1 }
    return { key, form: formOf(type.optional, key), presenceBit: optionals++ }
  })
  return {
    name: `record(${fields.map(nameOf).join(',')})`,
    fields,
    presenceBytes: Math.ceil(optionals / 8),
    hasTexts: fields.filter(({ form }) => form.kind === kinds.string).length > 1,
  }
}

function nameOf({ key, form, presenceBit }: Field): string {
  return `${/^\w+$/.test(key) ? key : JSON.stringify(key)}${presenceBit < 0 ? '' : '?'}:${form.name}`
}

function formOf(type: FieldType, key: string): Form {
  if (typeof type === 'string' && Object.hasOwn(kinds, type) && kinds[type] < kinds.array) {
    return { name: type, kind: kinds[type], element: undefined, layout: undefined }
  }
  if (typeof type === 'object' && 'arrayOf' in type) {
    const element = formOf(type.arrayOf, key)
    return { name: `${element.name}[]`, kind: kinds.array, element, layout: undefined }
  }
  const layout = layouts.get(Object(type))
  if (layout === undefined) throw new TypeError(`The field ${key} is of no known type: ${inspect(type)}`)
  return { name: layout.name, kind: kinds.record, element: undefined, layout }
}
