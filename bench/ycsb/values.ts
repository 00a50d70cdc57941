import type { Random } from '../generators/random.js'
import type { Versions } from '../targets/recorded.js'
import type { FieldsRecord, ValueKind, ValueKinds } from '../targets/target.js'
import { versionLength, versionOfText, versionText } from './versions.js'

const fieldNames: readonly (keyof FieldsRecord)[] = [
  'field0',
  'field1',
  'field2',
  'field3',
  'field4',
  'field5',
  'field6',
  'field7',
  'field8',
  'field9',
]

/** Makes, changes, digests and checks the values of one kind. */
export interface ValueForm<V> {
  readonly bytes: number
  readonly description: string
  make(random: Random): V
  /** A value with one field changed, or for a value without fields a new one. May change `value` itself. */
  change(value: V, random: Random): V
  /** A number that depends on the length and on both ends of the value, or of one or all of its fields. */
  digest(value: V): number
  digestOne(value: V, random: Random): number
  isWellFormed(value: V): boolean
  /** Of values that can carry a version, and are well-formed with one. */
  readonly versions?: Versions<V>
  /** Of values whose total never changes. */
  readonly money?: (value: V) => number
}

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'

/**
 * One text for each letter to begin with; a text's first letter implies all the others, so a torn one is
 * found out.
 */
function textsOfLength(length: number): string[] {
  return Array.from(alphabet, (_, start) =>
    Array.from({ length }, (_letter, index) => alphabet[(start + index) % alphabet.length]).join(''),
  )
}

function digestText(text: string): number {
  return (text.length << 16) ^ (text.charCodeAt(0) << 8) ^ text.charCodeAt(text.length - 1)
}

function isOneOf(texts: readonly string[], text: unknown, from = 0): boolean {
  if (typeof text !== 'string' || text.length === 0) return false
  const letter = alphabet.indexOf(text.charAt(from))
  const start = (letter - from + alphabet.length) % alphabet.length
  return letter >= 0 && texts[start]!.length === text.length && texts[start]!.slice(from) === text.slice(from)
}

function isVersion(text: unknown): boolean {
  return typeof text === 'string' && text.length === versionLength && versionOfText(text) !== null
}

const texts100 = textsOfLength(100)
const texts10 = textsOfLength(10)

const makeText = (random: Random): string => texts100[random.uint32() & 63]!
const makeField = (random: Random): string => texts10[random.uint32() & 63]!

const stringForm: ValueForm<string> = {
  bytes: 100,
  description: '100-byte strings',
  make: makeText,
  change: (_value, random) => makeText(random),
  digest: digestText,
  digestOne: digestText,
  isWellFormed: (value) =>
    isOneOf(texts100, value, typeof value === 'string' && versionOfText(value) !== null ? versionLength : 0),
  versions: {
    withVersion: (value, version) => versionText(version) + value.slice(versionLength),
    versionOf: versionOfText,
  },
}

const fieldsForm: ValueForm<FieldsRecord> = {
  bytes: 100,
  description: '10 x 10 bytes',
  make: (random) => ({
    field0: makeField(random),
    field1: makeField(random),
    field2: makeField(random),
    field3: makeField(random),
    field4: makeField(random),
    field5: makeField(random),
    field6: makeField(random),
    field7: makeField(random),
    field8: makeField(random),
    field9: makeField(random),
  }),
  change(value, random) {
    value[fieldNames[random.below(fieldNames.length)]!] = makeField(random)
    return value
  },
  digest(value) {
    let digest = 0
    for (const name of fieldNames) digest = Math.imul(digest, 31) ^ digestText(value[name])
    return digest
  },
  digestOne: (value, random) => digestText(value[fieldNames[random.below(fieldNames.length)]!]),
  isWellFormed: (value) =>
    Object.keys(value).length === fieldNames.length &&
    fieldNames.every(
      (name) => isOneOf(texts10, value[name]) || (name === 'field0' && isVersion(value[name])),
    ),
  versions: {
    withVersion(value, version) {
      value.field0 = versionText(version)
      return value
    },
    versionOf: ({ field0 }) => versionOfText(field0),
  },
}

/** What each account has to begin with. */
export const initialBalance = 100

const balanceForm: ValueForm<number> = {
  bytes: 8,
  description: 'balances',
  make: () => initialBalance,
  change: (value) => value,
  digest: (value) => value,
  digestOne: (value) => value,
  isWellFormed: (value) => Number.isSafeInteger(value) && value >= 0,
  money: (value) => value,
}

export const valueForms: { readonly [K in ValueKind]: ValueForm<ValueKinds[K]> } = {
  string: stringForm,
  fields: fieldsForm,
  balance: balanceForm,
}
