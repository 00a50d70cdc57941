import { isDeepStrictEqual } from 'node:util'
import vm from 'node:vm'
import fc from 'fast-check'
import { Packr } from 'msgpackr/pack'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { UntypedCodec, ValueCodec } from '../../src/store/codec.js'
import { bytes } from '../../src/store/codecs/bytes.js'
import { json } from '../../src/store/codecs/json.js'
import { msgpack } from '../../src/store/codecs/msgpack.js'
import { arrayOf, optional, record } from '../../src/store/codecs/record.js'
import { string } from '../../src/store/codecs/string.js'
import { ValueCorruptError, ValueTypeError } from '../../src/store/valueErrors.js'

const filler = 0xee
const before = 7
const shared = Buffer.from(new SharedArrayBuffer(1 << 20))

function encoded<V>(codec: ValueCodec<V>, value: V): Buffer {
  const end = codec.encode(value, shared, before)
  expect(end).toBeGreaterThanOrEqual(before)
  return Buffer.from(shared.subarray(before, end))
}

/** Through shared memory that is overwritten before the value is looked at. */
function roundTrip<V>(codec: ValueCodec<V>, value: V): V {
  shared.fill(filler, 0, before)
  const end = codec.encode(value, shared, before)
  shared.fill(filler, end, end + 64)
  const decoded = codec.decode(shared, before, end)
  shared.fill(filler, 0, end)
  return decoded
}

/** In every room too small for it the value must be refused by -1, and nothing be written past the room. */
function heedsRooms<V>(codec: ValueCodec<V>, value: V): boolean {
  const whole = encoded(codec, value)
  const step = Math.max(1, Math.floor(whole.length / 50))
  for (
    let room = 0;
    room <= whole.length;
    room = Math.max(room + 1, Math.min(room + step, whole.length - 10))
  ) {
    shared.fill(filler, 0, before + whole.length + 64)
    const end = codec.encode(value, shared.subarray(0, before + room), before)
    expect(end).toBe(room === whole.length ? before + room : -1)
    expect(shared.subarray(before + room, before + whole.length + 64).every((byte) => byte === filler)).toBe(
      true,
    )
    expect(shared.subarray(0, before).every((byte) => byte === filler)).toBe(true)
  }
  return shared.subarray(before, before + whole.length).equals(whole)
}

/** Damaged bytes may be refused or read as something else; they never hang, nor throw what is not an error. */
function checkGarbage(codec: ValueCodec<unknown> | UntypedCodec, garbage: Uint8Array): void {
  const source = Buffer.from(garbage)
  try {
    codec.decode(source, 0, source.length)
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
  }
}

/** Two comparisons, as each trips over something: members named constructor, or invalid dates. */
function same(actual: unknown, expected: unknown): boolean {
  if (isDeepStrictEqual(actual, expected)) return true
  expect(actual).toStrictEqual(expected)
  return true
}

function refusal(action: () => unknown): ValueTypeError {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(ValueTypeError)
    return error as ValueTypeError
  }
  throw new Error('it was not refused')
}

const texts = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(
      fc.constantFrom(0, 0x41, 0x7f, 0x80, 0xff, 0x100, 0x7ff, 0x800, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xffff),
    )
    .map((units) => String.fromCharCode(...units)),
  fc
    .tuple(fc.constantFrom('a', 'é', 'ж', '日', '\u{1f600}', '\ud800'), fc.nat(300))
    .map(([unit, n]) => unit.repeat(n)),
  fc.tuple(fc.nat(70), fc.constantFrom('é', '’', '\udc00')).map(([n, last]) => 'x'.repeat(n) + last),
)

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withNullPrototype: false,
  withSparseArray: false,
  maxDepth: 3,
  key: fc.oneof(
    fc.string({ maxLength: 12 }),
    texts,
    fc.constantFrom('__proto__', 'constructor', 'toString', '1'),
  ),
  values: [
    fc.integer(),
    fc.double(),
    fc.constantFrom(
      0,
      -0,
      -1,
      -32,
      -33,
      127,
      128,
      255,
      256,
      65_535,
      65_536,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 53,
    ),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    texts,
    fc.bigInt({ min: -(1n << 300n), max: 1n << 300n }),
    fc.constantFrom(0n, -1n, 1n << 63n, (1n << 63n) - 1n, -(1n << 63n), -(1n << 63n) - 1n),
  ],
})
const storable = anything.filter((value) => value !== undefined)

describe('string', () => {
  it('keeps every string, lone surrogates too', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(roundTrip(string, text)).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  it('refuses rooms too small for it', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(heedsRooms(string, text)).toBe(true)
      }),
    )
  })

  it.each([
    ['ASCII', 'x'.repeat(100), 101],
    ['Latin-1', 'é'.repeat(100), 101],
    ['mostly ASCII', `${'x'.repeat(100)}’`, 104],
    ['Japanese', '日本語'.repeat(100), 601],
    ['empty', '', 1],
  ])('takes few bytes for %s text', (_, text, length) => {
    expect(encoded(string, text)).toHaveLength(length)
  })

  it('refuses what is not a string, and bytes of no known form', () => {
    expect(refusal(() => encoded(string, 5 as unknown as string)).message).toBe(
      '5 cannot be stored: the table keeps strings.',
    )
    expect(() => string.decode(Buffer.of(9, 65), 0, 2)).toThrow(ValueCorruptError)
    expect(() => string.decode(Buffer.of(0), 1, 1)).toThrow(ValueCorruptError)
  })
})

describe('bytes', () => {
  it('keeps bytes and hands out private copies', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (value) => {
        const decoded = roundTrip(bytes, value)
        expect(decoded).toStrictEqual(value)
        expect(decoded.buffer).toBeInstanceOf(ArrayBuffer)
        expect(heedsRooms(bytes, value)).toBe(true)
      }),
    )
    expect(roundTrip(bytes, Buffer.of(1, 2)).constructor).toBe(Uint8Array)
  })

  it('refuses what is not a Uint8Array', () => {
    expect(refusal(() => encoded(bytes, [1] as unknown as Uint8Array)).value).toEqual([1])
  })
})

describe('json', () => {
  it('keeps what JSON keeps', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        expect(roundTrip<unknown>(json, value)).toStrictEqual(JSON.parse(JSON.stringify(value)))
        expect(heedsRooms<unknown>(json, value)).toBe(true)
      }),
    )
  })

  it('refuses what JSON has no text for', () => {
    const knot: Record<string, unknown> = {}
    knot['self'] = knot
    for (const value of [undefined, () => 1, Symbol('s'), 1n, { deep: 1n }, knot]) {
      expect(refusal(() => encoded<unknown>(json, value)).value).toBe(value)
    }
  })
})

describe('msgpack', () => {
  it('keeps what it takes, exactly', () => {
    fc.assert(
      fc.property(storable, (value) => {
        expect(same(roundTrip<unknown>(msgpack, value), value)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('refuses rooms too small for it', () => {
    fc.assert(
      fc.property(storable, (value) => {
        expect(heedsRooms<unknown>(msgpack, value)).toBe(true)
      }),
    )
  })

  it('hands out copies: changing them changes no bytes', () => {
    const value = {
      list: [1, 2],
      buffer: Uint8Array.of(1, 2),
      wide: Float64Array.of(1),
      raw: new ArrayBuffer(4),
    }
    const end = msgpack.encode(value, shared, 0)
    const stored = Buffer.from(shared.subarray(0, end))
    const decoded = msgpack.decode<typeof value>(shared, 0, end)
    decoded.list.push(3)
    decoded.buffer.fill(9)
    decoded.wide.fill(9)
    new Uint8Array(decoded.raw).fill(9)
    expect(shared.subarray(0, end).equals(stored)).toBe(true)
    for (const part of [decoded.buffer.buffer, decoded.wide.buffer, decoded.raw]) {
      expect(part).toBeInstanceOf(ArrayBuffer)
    }
  })

  it('reads and writes what another MessagePack does', () => {
    const other = new Packr({ useRecords: false })
    const plain = fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 4 }).filter((value) => {
      const text = JSON.stringify(value)
      return !text.includes('__proto__') && !/-0(?![.\d])/.test(text) && !Object.is(value, -0)
    })
    fc.assert(
      fc.property(plain, (value) => {
        const normal = JSON.parse(JSON.stringify(value)) as unknown // It has no -0.
        expect(other.unpack(encoded<unknown>(msgpack, normal))).toEqual(normal)
        const packed = other.pack(normal)
        expect(msgpack.decode(packed, 0, packed.length)).toEqual(normal)
      }),
      { numRuns: 500 },
    )
  })

  it.each<[string, unknown]>([
    ['arrays', Array.from({ length: 70_000 }, (_, i) => i)],
    ['objects', Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]))],
    ['maps', new Map(Array.from({ length: 300 }, (_, i) => [i, { i }]))],
    ['sets', new Set(Array.from({ length: 300 }, (_, i) => `${i}`))],
    ['strings', 'x'.repeat(70_000)],
    ['wide strings', 'ж'.repeat(40_000)],
    ['lone surrogates', '\ud800'.repeat(300)],
    ['bytes', new Uint8Array(70_000).fill(5)],
    ['bigints', -(1n << 5000n)],
    ['long keys', { ['k'.repeat(400)]: 1, '\ud800': 2, '': 3 }],
    ['dates', [new Date(0), new Date(-1), new Date(8.64e15), new Date(Number.NaN)]],
    [
      'views',
      [
        new DataView(Uint8Array.of(1, 2).buffer),
        new BigInt64Array([1n, -1n]),
        new Uint8ClampedArray([1, 255]),
      ],
    ],
  ])('keeps long %s', (_, value) => {
    expect(roundTrip<unknown>(msgpack, value)).toStrictEqual(value)
  })

  it('keeps a member named __proto__ as a member', () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}}') as object
    const decoded = roundTrip<unknown>(msgpack, value) as object
    expect(Object.keys(decoded)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype)
    expect('polluted' in decoded).toBe(false)
  })

  it('keeps members named as those of Object.prototype', () => {
    const value = { constructor: [1], hasOwnProperty: 2, isPrototypeOf: null, valueOf: 'x' }
    expect(isDeepStrictEqual(roundTrip<unknown>(msgpack, value), value)).toBe(true)
  })

  it('takes plain objects and arrays of other realms, and objects without prototype', () => {
    const foreign = vm.runInNewContext('({ list: [1, { a: 2 }] })') as unknown
    expect(roundTrip<unknown>(msgpack, foreign)).toStrictEqual({ list: [1, { a: 2 }] })
    expect(roundTrip<unknown>(msgpack, Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 })
  })

  it('survives a getter that stores with the same codec', () => {
    const value = {
      first: 'x'.repeat(20),
      get second() {
        return encoded<unknown>(msgpack, { other: 'y'.repeat(50), n: 1.5 }).length > 0 ? 1.25 : 0
      },
    }
    const target = Buffer.alloc(200)
    const end = msgpack.encode(value, target, 0)
    expect(msgpack.decode(target, 0, end)).toEqual({ first: value.first, second: 1.25 })
  })

  class Account {
    readonly id = 1
  }
  class Rows extends Array<number> {}
  const knot: { self?: unknown } = {}
  knot.self = { again: [knot] }
  const deep: unknown[] = []
  for (let i = 0, inner = deep; i < 600; i++) inner.push((inner = []))
  it.each<[string, unknown, string]>([
    ['undefined itself', undefined, ''],
    ['functions', { a: [1, { run: () => 1 }] }, 'a[1].run'],
    ['symbols', new Map([['k', Symbol('s')]]), '[value 0]'],
    ['class instances', { 'the account': [new Account()] }, '["the account"][0]'],
    ['subclasses of built-ins', { rows: Rows.from([1]) }, 'rows'],
    ['boxed primitives', new Set([Object(1)]), '[member 0]'],
    ['errors', [new Error('x')], '[0]'],
    ['regular expressions', new Map([[/x/, 1]]), '[key 0]'],
    ['shared memory', { memory: new SharedArrayBuffer(1) }, 'memory'],
    ['promises', { later: Promise.resolve() }, 'later'],
  ])('refuses %s and tells where', (_, value, path) => {
    const error = refusal(() => encoded<unknown>(msgpack, value))
    expect(error.path).toBe(path)
    expect(error.code).toBe('TIDEMARK_VALUE_TYPE')
    expect(error.message).toContain(path === '' ? 'undefined' : `${path}: `)
  })

  it('refuses values that hold themselves or nest too deep, without a stack overflow', () => {
    expect(refusal(() => encoded<unknown>(msgpack, knot)).message).toMatch(
      /^self.*it holds itself, or lies more than/,
    )
    const error = refusal(() => encoded<unknown>(msgpack, deep))
    expect(error.path).toBe('[0]'.repeat(512))
    expect(error.message.length).toBeLessThan(300)
  })

  it('refuses bytes that are damaged, and survives those it cannot tell', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (garbage) => checkGarbage(msgpack, garbage)),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(storable, fc.nat(), fc.nat(255), (value, at, byte) => {
        const damaged = encoded<unknown>(msgpack, value)
        damaged[at % damaged.length] = byte
        checkGarbage(msgpack, damaged)
      }),
      { numRuns: 1000 },
    )
    checkGarbage(msgpack, new Uint8Array(100_000).fill(0x91))
    for (const lead of [0xdd, 0xdf, 0xdb, 0xc6, 0xc9]) {
      expect(() => msgpack.decode(Buffer.of(lead, 255, 255, 255, 255, 0), 0, 6)).toThrow(ValueCorruptError)
    }
    expect(() => msgpack.decode(Buffer.of(1, 2), 0, 2)).toThrow(/ends at 1 of 2 bytes/)
  })
})

describe('record', () => {
  const inner = record({ x: 'number', label: optional('string') })
  const row = record({
    flag: 'boolean',
    small: 'int32',
    count: 'uint32',
    ratio: 'number',
    id: 'bigint64',
    big: 'bigint',
    name: 'string',
    blob: 'bytes',
    at: 'date',
    more: 'any',
    tags: arrayOf('string'),
    points: arrayOf(inner),
    grid: arrayOf(arrayOf('int32')),
    origin: inner,
    note: optional('string'),
    extra: optional('any'),
    alias: optional(arrayOf('bigint')),
  })
  type Row = Parameters<typeof row.encode>[0]

  const points = fc.record({ x: fc.double(), label: texts }, { requiredKeys: ['x'], noNullPrototype: true })
  const int32s = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)))
  const required = {
    flag: fc.boolean(),
    small: int32s,
    count: fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1)),
    ratio: fc.double(),
    id: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
    big: fc.bigInt({ min: -(1n << 200n), max: 1n << 200n }),
    name: texts,
    blob: fc.uint8Array({ maxLength: 300 }),
    at: fc.date(),
    more: storable,
    tags: fc.array(texts, { maxLength: 5 }),
    points: fc.array(points, { maxLength: 4 }),
    grid: fc.array(fc.array(int32s, { maxLength: 300 }), { maxLength: 3 }),
    origin: points,
  }
  const optionals = { note: texts, extra: storable, alias: fc.array(fc.bigInt(), { maxLength: 3 }) }
  const rows = fc
    .record(
      { ...required, ...optionals },
      { requiredKeys: Object.keys(required) as (keyof typeof required)[], noNullPrototype: true },
    )
    .map((value) => value as Row)

  it('keeps what its fields hold, exactly', () => {
    fc.assert(
      fc.property(rows, (value) => {
        expect(same(roundTrip(row, value), value)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('does not mind the order of members, nor those that no field names', () => {
    fc.assert(
      fc.property(rows, fc.nat(20), (value, turn) => {
        const entries = Object.entries(value)
        const turned = [...entries.slice(turn), ['stranger', 1], ...entries.slice(0, turn)]
        expect(encoded(row, Object.fromEntries(turned) as Row).equals(encoded(row, value))).toBe(true)
      }),
    )
  })

  it('reads members that a class gives through getters', () => {
    class Point {
      get x() {
        return 2.5
      }
    }
    expect(roundTrip(inner, new Point())).toStrictEqual({ x: 2.5 })
  })

  it('refuses rooms too small for it', () => {
    fc.assert(
      fc.property(rows, (value) => {
        expect(heedsRooms(row, value)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('survives damaged bytes', () => {
    fc.assert(
      fc.property(rows, fc.nat(), fc.nat(255), (value, at, byte) => {
        const damaged = encoded(row, value)
        damaged[at % damaged.length] = byte
        checkGarbage(row, damaged)
        checkGarbage(row, damaged.subarray(0, at % damaged.length))
      }),
      { numRuns: 500 },
    )
    expect(() => inner.decode(Buffer.alloc(20), 0, 20)).toThrow(ValueCorruptError)
    expect(() => inner.decode(Buffer.alloc(20), 0, 8)).toThrow(ValueCorruptError)
  })

  it('takes few bytes', () => {
    const account = record({ id: 'int32', owner: 'string', balance: 'int32' })
    expect(encoded(account, { id: 1, owner: 'alice', balance: 100 })).toHaveLength(4 + 6 + 4)
  })

  it('is named by its layout', () => {
    expect(inner.name).toBe('record(x:number,label?:string)')
    expect(record({ a: inner, b: optional(arrayOf(arrayOf('date'))), 'a:b,c': 'any' }).name).toBe(
      'record(a:record(x:number,label?:string),b?:date[][],"a:b,c":any)',
    )
  })

  it('gives its values their types', () => {
    const some = record({ id: 'int32', tags: arrayOf('string'), origin: inner, note: optional('date') })
    type Value = ReturnType<typeof some.decode>
    expectTypeOf<Value['id']>().toEqualTypeOf<number>()
    expectTypeOf<Value['tags']>().toEqualTypeOf<readonly string[]>()
    expectTypeOf<Value['origin']['x']>().toEqualTypeOf<number>()
    expectTypeOf<Value['note']>().toEqualTypeOf<Date | undefined>()
    expectTypeOf<{ id: number; tags: string[]; origin: { x: number } }>().toExtend<Value>()
    expectTypeOf<{ id: number; tags: string[] }>().not.toExtend<Value>()
    const typed: ValueCodec<{ id: number }> = msgpack
    expect(typed.name).toBe('msgpack')
  })

  const valid: Row = {
    flag: true,
    small: 1,
    count: 1,
    ratio: 1,
    id: 1n,
    big: 1n,
    name: '',
    blob: new Uint8Array(1),
    at: new Date(0),
    more: null,
    tags: [],
    points: [],
    grid: [],
    origin: { x: 1 },
  }
  it.each<[string, object, string, string]>([
    ['missing', { name: undefined }, 'name', 'string'],
    ['null', { note: null }, 'note', 'string'],
    ['a fraction', { small: 1.5 }, 'small', 'int32'],
    ['out of range', { small: 2 ** 31 }, 'small', 'int32'],
    ['negative', { count: -1 }, 'count', 'uint32'],
    ['text for a number', { ratio: '1' }, 'ratio', 'number'],
    ['a number for a boolean', { flag: 1 }, 'flag', 'boolean'],
    ['a number for a bigint', { id: 1 }, 'id', 'bigint64'],
    ['a bigint of 65 bits', { id: 1n << 63n }, 'id', 'bigint64'],
    ['a number for bytes', { blob: 5 }, 'blob', 'bytes'],
    ['a number for a date', { at: 5 }, 'at', 'date'],
    ['undefined for any', { more: undefined }, 'more', 'any'],
    ['no array', { tags: 'x' }, 'tags', 'string[]'],
    ['an element', { tags: ['x', 5] }, 'tags[1]', 'string'],
    ['an element of an element', { grid: [[], [1, 2, 'x']] }, 'grid[1][2]', 'int32'],
    ['a member of an element', { points: [{ x: 1 }, {}] }, 'points[1].x', 'number'],
    ['no record', { origin: 7 }, 'origin', 'an object'],
    ['deep in any', { more: { a: [() => 1] } }, 'more.a[0]', 'a function'],
  ])('refuses a field that is %s, naming it', (_, fault, path, expected) => {
    const error = refusal(() => encoded(row, { ...valid, ...fault }))
    expect(error.path).toBe(path)
    expect(error.message).toMatch(new RegExp(`^${path.replace(/[[\].]/g, '\\$&')}: .* cannot be stored: `))
    expect(error.message).toContain(expected)
  })

  it('refuses what is no record', () => {
    expect(refusal(() => encoded(row, null as unknown as Row)).path).toBe('')
  })

  it('refuses fields that make no sense', () => {
    expect(() => record({})).toThrow('A record needs a field')
    expect(() => record(JSON.parse('{"__proto__": "int32"}'))).toThrow('cannot be named __proto__')
    for (const type of ['int31', 'array', 'record', undefined, 5, { arrayOf: optional('int32') }, msgpack]) {
      expect(() => record({ id: type as 'int32' })).toThrow('The field id is of no known type')
    }
  })
})
