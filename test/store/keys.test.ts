import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyTooLongError, KeyTypeError } from '../../src/store/keyErrors.js'
import { decodeKey, encodeKey, type Key, maxKeyBytes } from '../../src/store/keys.js'

const room = maxKeyBytes + 16
const shared = Buffer.from(new SharedArrayBuffer(3 * room))

function encoded(key: Key): Buffer {
  const target = Buffer.alloc(room)
  return target.subarray(0, encodeKey(key, target, 0))
}

/** Encodes and decodes in shared memory, away from the buffer's start, between bytes of others. */
function roundTrip(key: Key): Key {
  shared.fill(0xee)
  const end = encodeKey(key, shared, room)
  expect(shared.subarray(0, room).every((byte) => byte === 0xee)).toBe(true)
  expect(shared.subarray(room + maxKeyBytes).every((byte) => byte === 0xee)).toBe(true)
  const decoded = decodeKey(shared, room, end)
  shared.fill(0xee)
  return decoded
}

/** The order as the docs put it, written without the encoding in mind. */
function order(a: Key, b: Key): number {
  const types = typeRank(a) - typeRank(b)
  if (types !== 0) return types
  if (typeof a === 'string') {
    return lexical(
      [...a],
      [...(b as string)],
      (x, y) => (x.codePointAt(0) as number) - (y.codePointAt(0) as number),
    )
  }
  if (a instanceof Uint8Array) return lexical([...a], [...(b as Uint8Array)], (x, y) => x - y)
  if (Array.isArray(a)) return lexical(a as Key[], b as Key[], order)
  return a < b ? -1 : a > b ? 1 : 0
}

function typeRank(key: Key): number {
  const names = ['boolean', 'number', 'bigint', 'Date', 'string', 'Uint8Array', 'Array']
  return names.indexOf(typeof key === 'object' ? key.constructor.name : typeof key)
}

function lexical<T>(a: readonly T[], b: readonly T[], compare: (x: T, y: T) => number): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = compare(a[i] as T, b[i] as T)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const collidingBytes = fc.constantFrom(0, 1, 2, 3, 0x7f, 0x80, 0xff)
const texts = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  fc.string({
    unit: fc.constantFrom('\0', '\x01', '\x02', 'a', '\u07ff', '\ufffd', '\u{10000}'),
    maxLength: 6,
  }),
)
const numbers = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.constantFrom(0, -0, 1, -1, 5e-324, 2 ** 53),
)
const bigints = fc.oneof(
  fc.bigInt({ min: -(1n << 70n), max: 1n << 70n }),
  fc.bigInt({ min: -(1n << 900n), max: 1n << 900n }),
  fc
    .tuple(fc.integer({ min: 0, max: 130 }), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([bits, step, negative]) => ((1n << BigInt(bits)) + BigInt(step)) * (negative ? -1n : 1n)),
)
const keys: fc.Arbitrary<Key> = fc.letrec<{ key: Key; tuple: readonly Key[] }>((tie) => ({
  key: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    numbers,
    texts,
    bigints,
    fc.boolean(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(collidingBytes, { maxLength: 6 }).map((bytes) => Uint8Array.from(bytes)),
    tie('tuple'),
  ),
  tuple: fc.array(tie('key'), { maxLength: 4 }),
})).key

/** Near pairs: the laws of order are about keys that share a beginning. */
const pairs = fc.oneof(
  fc.tuple(keys, keys),
  fc.tuple(numbers, numbers),
  fc.tuple(texts, texts),
  fc.tuple(bigints, bigints),
  fc.tuple(fc.array(keys, { maxLength: 3 }), keys, keys).map(([start, a, b]): [Key, Key] => [
    [...start, a],
    [...start, b],
  ]),
  fc
    .tuple(fc.array(keys, { maxLength: 3 }), keys)
    .map(([start, more]): [Key, Key] => [start, [...start, more]]),
  fc.tuple(texts, texts, keys, keys).map(([a, b, c, d]): [Key, Key] => [
    [a, c],
    [a + b, d],
  ]),
)

/** -0 is the one key that comes back as another. */
function canonical(key: Key): Key {
  if (Array.isArray(key)) return key.map(canonical)
  return Object.is(key, -0) ? 0 : key
}

describe('keys', () => {
  it('come back as they were, from shared memory', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(roundTrip(key)).toStrictEqual(canonical(key))
      }),
      { numRuns: 1000 },
    )
  })

  it('sort as their encodings, and are equal only if their encodings are', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        expect(Math.sign(Buffer.compare(encoded(a), encoded(b)))).toBe(
          Math.sign(order(canonical(a), canonical(b))),
        )
      }),
      { numRuns: 3000 },
    )
  })

  it('never begin another, so that elements need no lengths', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const [short, long] = [encoded(a), encoded(b)].toSorted((x, y) => x.length - y.length) as [
          Buffer,
          Buffer,
        ]
        expect(long.subarray(0, short.length).equals(short)).toBe(long.equals(short))
      }),
      { numRuns: 1000 },
    )
  })

  it('keep every tuple that begins with a prefix between the prefix and its last extension', () => {
    const last = Uint8Array.of(0xff)
    fc.assert(
      fc.property(fc.array(keys, { maxLength: 3 }), fc.array(keys, { maxLength: 2 }), (prefix, rest) => {
        const beginning = encoded(prefix).subarray(0, -1)
        const whole = encoded([...prefix, ...rest])
        expect(whole.subarray(0, beginning.length).equals(beginning)).toBe(true)
        expect(Buffer.compare(whole, Buffer.concat([beginning, last]))).toBe(-1)
        expect(Buffer.compare(encoded(prefix), whole)).toBe(rest.length === 0 ? 0 : -1)
      }),
    )
  })

  it('are refused, never half written, when they are random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const source = Buffer.from(bytes)
        try {
          decodeKey(source, 0, source.length)
        } catch (error) {
          expect((error as { code?: string }).code).toBe('TIDEMARK_KEY_CORRUPT')
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('are refused when cut short', () => {
    fc.assert(
      fc.property(keys, fc.double({ min: 0, max: 0.999, noNaN: true }), (key, part) => {
        const bytes = encoded(key)
        const cut = Math.floor(bytes.length * part)
        expect(() => decodeKey(bytes, 0, cut)).toThrow(/damaged at offset/)
      }),
    )
  })
})

describe('numbers', () => {
  it('that are whole keys take 9 bytes in their order', () => {
    const ascending = [
      -Infinity,
      -1e308,
      -(2 ** 53),
      -1.5,
      -1,
      -5e-324,
      0,
      5e-324,
      1,
      1.5,
      2 ** 32,
      1e308,
      Infinity,
    ]
    const encodings = ascending.map(encoded)
    expect(encodings.every((bytes) => bytes.length === 9)).toBe(true)
    expect(encodings.toSorted(Buffer.compare)).toEqual(encodings)
    expect(ascending.map(roundTrip)).toEqual(ascending)
  })

  it('take few bytes inside tuples, the fewer the fewer digits they have', () => {
    const lengths = new Map([
      [0, 2],
      [1, 3],
      [63, 3],
      [64, 3],
      [65, 4],
      [8191, 4],
      [8193, 5],
      [-1, 3],
      [-2999, 4],
      [2 ** 40, 3],
      [0.5, 3],
      [Infinity, 3],
      [-Infinity, 3],
      [Math.PI, 10],
      [5e-324, 10],
      [2 ** 53 - 1, 10],
    ])
    for (const [number, length] of lengths)
      expect([number, encoded([number]).length - 2]).toEqual([number, length])
  })

  it('sort inside tuples by size, where their digits end within one another', () => {
    const near = [0, 1, 2, 3, 127, 128, 129, 1000, 2 ** 20, 2 ** 21, 2 ** 32, 2 ** 52, 5e-324, 2 ** -30]
    const magnitudes = near.flatMap((x) => [
      x,
      x * (1 + 2 ** -52),
      x * (1 + 2 ** -20),
      x + 2 ** -9,
      x * 1e300,
    ])
    const numbersInOrder = [...new Set(magnitudes.flatMap((x) => [x + 0, -x + 0]))].toSorted((a, b) => a - b)
    const tuples = numbersInOrder.map((number) => [number, 'x'])
    expect(tuples.toSorted((a, b) => Buffer.compare(encoded(a), encoded(b)))).toEqual(tuples)
    expect(tuples.map(roundTrip)).toEqual(tuples)
  })

  it('lose the sign of zero', () => {
    expect(encoded(-0)).toEqual(encoded(0))
    expect(roundTrip([-0])).toStrictEqual([0])
  })
})

describe('bigints', () => {
  it('sort across the lengths of their magnitudes', () => {
    const edges = [8n, 16n, 31n, 32n, 33n, 63n, 64n, 65n, 128n, 1000n].flatMap((bits) => {
      const power = 1n << bits
      return [power - 1n, power, power + 1n]
    })
    const ascending = [...edges.map((value) => -value).toReversed(), -1n, 0n, 1n, ...edges]
    const encodings = ascending.map(encoded)
    expect(encodings.toSorted(Buffer.compare)).toEqual(encodings)
    expect(ascending.map(roundTrip)).toEqual(ascending)
  })

  it('fill the limit and no more', () => {
    const largest = (1n << BigInt(8 * (maxKeyBytes - 3))) - 1n
    expect(encoded(largest)).toHaveLength(maxKeyBytes)
    expect(roundTrip(-largest)).toBe(-largest)
    expect(() => encoded(largest + 1n)).toThrow(KeyTooLongError)
    expect(() => encoded(-(1n << 20_000n))).toThrow(KeyTooLongError)
  })
})

describe('tuples', () => {
  it('differ from their only element', () => {
    for (const key of [1, 'a', 1n, true, new Date(5), Uint8Array.of(1), [], ['a']] as Key[]) {
      expect(encoded(key)).not.toEqual(encoded([key]))
      expect(roundTrip([key])).toStrictEqual([key])
    }
  })

  it('that nest are not flattened', () => {
    const keysInOrder: Key[] = [[], [1, 2], [1, [2]], [1, [2], 3], [[]], [[], []], [[1], 2], [[1, 2]], [[[]]]]
    expect(keysInOrder.toSorted((a, b) => Buffer.compare(encoded(a), encoded(b)))).toEqual(keysInOrder)
    expect(keysInOrder.map(roundTrip)).toEqual(keysInOrder)
  })

  it('that hold themselves are too long, not a stack overflow', () => {
    const knot: Key[] = [1]
    knot.push(knot)
    expect(() => encoded(knot)).toThrow(KeyTooLongError)
    const deep: Key[] = []
    deep.push(deep)
    expect(() => encoded(deep)).toThrow(KeyTooLongError)
  })
})

describe('bytes', () => {
  it('come back as a plain, private Uint8Array', () => {
    const decoded = roundTrip(Buffer.from([0, 1, 2, 255, 1, 0])) as Uint8Array
    expect(decoded.constructor).toBe(Uint8Array)
    expect(decoded.buffer).toBeInstanceOf(ArrayBuffer)
    expect([...decoded]).toEqual([0, 1, 2, 255, 1, 0])
  })
})

describe('refusal', () => {
  const invalidDate = new Date(Number.NaN)
  it.each([
    [null, /null cannot be a key/],
    [undefined, /undefined cannot be a key/],
    [Number.NaN, /NaN cannot be a key/],
    [invalidDate, /Invalid Date cannot be a key/],
    [{ id: 1 }, /\{ id: 1 \} cannot be a key: use a number, string/],
    [Symbol('s'), /Symbol\(s\) cannot be a key/],
    [Uint16Array.of(1), /Uint16Array.* cannot be a key/],
    ['a\ud800b', /lone surrogate/],
    ['\udc00', /lone surrogate/],
  ])('of %o names it, alone and inside a tuple', (value, message) => {
    for (const key of [value, ['fine', [value]]]) {
      let caught: unknown
      try {
        encoded(key as Key)
      } catch (error) {
        caught = error
      }
      expect(caught).toBeInstanceOf(KeyTypeError)
      expect(caught).toMatchObject({
        code: 'TIDEMARK_KEY_TYPE',
        value,
        message: expect.stringMatching(message),
      })
    }
  })

  it.each<[string, (length: number) => Key, number]>([
    ['ASCII strings', (length) => 'x'.repeat(length), maxKeyBytes - 2],
    ['strings of two-byte characters', (length) => 'é'.repeat(length), Math.floor((maxKeyBytes - 2) / 2)],
    [
      'strings of four-byte characters',
      (length) => '\u{1f600}'.repeat(length),
      Math.floor((maxKeyBytes - 2) / 4),
    ],
    ['strings of zeros', (length) => '\0'.repeat(length), Math.floor((maxKeyBytes - 2) / 2)],
    ['strings that end in a long character', (length) => `${'x'.repeat(length)}\u{1f600}`, maxKeyBytes - 6],
    ['bytes', (length) => new Uint8Array(length).fill(7), maxKeyBytes - 2],
    ['bytes of zeros', (length) => new Uint8Array(length), Math.floor((maxKeyBytes - 2) / 2)],
    ['tuples of numbers', (length) => Array<Key>(length).fill(5), Math.floor((maxKeyBytes - 2) / 3)],
    [
      'tuples of long numbers',
      (length) => Array<Key>(length).fill(Math.PI),
      Math.floor((maxKeyBytes - 2) / 10),
    ],
    ['tuples of booleans', (length) => Array<Key>(length).fill(true), maxKeyBytes - 2],
    ['tuples with a string', (length) => [1, 'x'.repeat(length)], maxKeyBytes - 7],
  ])('of %s begins right past the limit', (_, make, longest) => {
    expect(roundTrip(make(longest))).toStrictEqual(make(longest))
    for (const length of [longest + 1, longest + 2, 2 * longest, 50 * longest]) {
      shared.fill(0xee)
      expect(() => encodeKey(make(length), shared, room)).toThrow(KeyTooLongError)
      expect(shared.subarray(room + maxKeyBytes).every((byte) => byte === 0xee)).toBe(true)
      expect(shared.subarray(0, room).every((byte) => byte === 0xee)).toBe(true)
    }
  })

  it('of a long key tells its length and the limit', () => {
    expect(() => encoded('x'.repeat(3000))).toThrow(
      expect.objectContaining({ code: 'TIDEMARK_KEY_TOO_LONG', lengthBytes: 3002, limitBytes: maxKeyBytes }),
    )
  })

  it('of a buffer without room for the longest key', () => {
    expect(() => encodeKey(1, new Uint8Array(maxKeyBytes), 1)).toThrow(RangeError)
  })
})
