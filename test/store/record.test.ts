import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ValueCodec } from '../../src/store/codec.js'
import { msgpack } from '../../src/store/codecs/msgpack.js'
import { arrayOf, optional, record } from '../../src/store/codecs/record.js'
import { ValueCorruptError } from '../../src/store/valueErrors.js'
import {
  checkGarbage,
  encoded,
  heedsRooms,
  refusal,
  roundTrip,
  same,
  storable,
  texts,
} from '../kit/codecs.js'

describe('texts of a record', () => {
  const page = record({
    id: 'int32',
    title: 'string',
    body: 'string',
    notes: arrayOf('string'),
    end: 'string',
  })

  it.each([
    ['short and long', 'a title that is long enough', 'short'],
    ['beyond ASCII', 'Übergrößenträger und Käse', 'Zürich, Genève, Malmö and Århus'],
    ['beyond Latin-1', '日本語テキスト日本語テキスト', 'plain text beside it, of some length'],
    ['with half a surrogate pair', 'a lone \ud800 in the middle of it', 'plain text, of some length'],
    ['longer than are read at once', 'x'.repeat(5000), 'y'.repeat(60)],
    ['around the limit of that', 'x'.repeat(960), 'z'.repeat(20)],
  ])('come back as they were: %s', (_, title, body) => {
    for (const [first, second] of [
      [title, body],
      [body, title],
    ] as const) {
      const value = {
        id: 1,
        title: first,
        body: second,
        notes: [first, '', second],
        end: `${second}, the end`,
      }
      expect(roundTrip(page, value)).toStrictEqual(value)
    }
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
