import fc from 'fast-check'
import type { Key } from '../../src/index.js'
import { encodeKey, maxKeyBytes } from '../../src/store/keys.js'

/** A table as the tests know it: entries by encoded key, so that equal keys are one and all can be sorted. */
export type Model = Map<string, { key: Key; value: unknown }>

const scratch = Buffer.alloc(maxKeyBytes)

/** Equal for equal keys, and ordered as the keys are: their laws are tested elsewhere. */
export function orderOf(key: Key): string {
  return scratch.toString('latin1', 0, encodeKey(key, scratch, 0))
}

/** Few enough that commands meet, of every type, with neighbours that share prefixes. */
export const mixedKeys: readonly Key[] = [
  false,
  true,
  Number.NEGATIVE_INFINITY,
  -2.5,
  -1,
  0,
  1,
  1.5,
  2,
  1000,
  -(1n << 70n),
  -1n,
  0n,
  1n,
  1n << 70n,
  new Date(-1),
  new Date(0),
  new Date(86_400_000),
  '',
  '\0',
  'a',
  'a\0',
  'aa',
  'b',
  '\u{10000}',
  Uint8Array.of(),
  Uint8Array.of(0),
  Uint8Array.of(0, 255),
  Uint8Array.of(255),
  [],
  [1],
  [1, 'a'],
  [1, 'b', 2n],
  ['a'],
  ['a', [true]],
  'x'.repeat(500),
  ['x'.repeat(500), 1],
]

export const mixedKey: fc.Arbitrary<Key> = fc.constantFrom(...mixedKeys)

export interface RangeCase {
  readonly lower?: { readonly bound: 'gt' | 'gte'; readonly key: Key }
  readonly upper?: { readonly bound: 'lt' | 'lte'; readonly key: Key }
  readonly reverse?: boolean
  readonly limit?: number
}

/** All combinations of bounds, direction and limit; bounds may be present, absent, crossed or equal. */
export function rangeCases(key: fc.Arbitrary<Key>): fc.Arbitrary<RangeCase> {
  return fc.record(
    {
      lower: fc.record({ bound: fc.constantFrom('gt' as const, 'gte' as const), key }),
      upper: fc.record({ bound: fc.constantFrom('lt' as const, 'lte' as const), key }),
      reverse: fc.boolean(),
      limit: fc.oneof(fc.nat({ max: 6 }), fc.constant(Number.POSITIVE_INFINITY)),
    },
    { requiredKeys: [] },
  )
}

export function rangeOf({ lower, upper, reverse, limit }: RangeCase): object {
  return {
    ...(lower && { [lower.bound]: lower.key }),
    ...(upper && { [upper.bound]: upper.key }),
    ...(reverse !== undefined && { reverse }),
    ...(limit !== undefined && { limit }),
  }
}

/** What the range must give, found the slow way. */
export function entriesOf(model: Model, { lower, upper, reverse, limit }: RangeCase): [Key, unknown][] {
  const isInside = (order: string) =>
    (lower === undefined ||
      order > orderOf(lower.key) ||
      (lower.bound === 'gte' && order === orderOf(lower.key))) &&
    (upper === undefined ||
      order < orderOf(upper.key) ||
      (upper.bound === 'lte' && order === orderOf(upper.key)))
  const inside = [...model.keys()].filter(isInside).toSorted(byOrder)
  const directed = reverse === true ? inside.toReversed() : inside
  return directed.slice(0, limit ?? Number.POSITIVE_INFINITY).map((order) => {
    const { key, value } = model.get(order)!
    return [key, value]
  })
}

function byOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
