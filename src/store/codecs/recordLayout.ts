/** A record as it is written: each optional field has a bit in front, then the fields follow in order. */
export interface Layout {
  readonly name: string
  readonly fields: readonly Field[]
  /** Bytes of the bits that tell which optional fields are there. */
  readonly presenceBytes: number
  /** Whether it has several texts, which are cheaper to read all at once. */
  readonly hasTexts: boolean
}

export interface Field {
  readonly key: string
  readonly form: Form
  /** Which bit tells that it is there, or -1 for a field that always is. */
  readonly presenceBit: number
}

/** How one value is written; `kind` is the number that the readers and writers switch on. */
export interface Form {
  readonly name: string
  readonly kind: number
  /** Of the elements of an array. */
  readonly element: Form | undefined
  readonly layout: Layout | undefined
}

export const kinds = {
  boolean: 0,
  int32: 1,
  uint32: 2,
  number: 3,
  bigint64: 4,
  bigint: 5,
  string: 6,
  bytes: 7,
  date: 8,
  any: 9,
  array: 10,
  record: 11,
} as const

/** Bytes of the kinds that have one size and are no objects. */
export const fixedBytes: Readonly<Record<number, number>> = {
  [kinds.boolean]: 1,
  [kinds.int32]: 4,
  [kinds.uint32]: 4,
  [kinds.number]: 8,
}

// Lengths below this take the byte they stand in; from it on, that byte says so and four more hold the
// length.
export const longLength = 0xff

/** The same for text, whose byte also holds the form, in the low two bits. */
export const longText = 0x3f
