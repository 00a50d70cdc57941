import type { KeyKind, RecordKey } from './target.js'

/** Records' numbers have at most ten digits. */
const digits = 10

/** Keys for databases whose keys are text in the order of its bytes. */
export interface KeyText {
  textOf(key: RecordKey): string
  keyOf(text: string): RecordKey
}

export const keyTexts: Readonly<Record<KeyKind, KeyText>> = {
  string: { textOf: String, keyOf: (text) => text },
  integer: { textOf: (key) => String(key).padStart(digits, '0'), keyOf: Number },
}
