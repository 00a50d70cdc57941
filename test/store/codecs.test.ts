import { isDeepStrictEqual } from 'node:util'
import vm from 'node:vm'
import fc from 'fast-check'
import { Packr } from 'msgpackr/pack'
import { describe, expect, it } from 'vitest'
import { bytes } from '../../src/store/codecs/bytes.js'
import { json } from '../../src/store/codecs/json.js'
import { msgpack } from '../../src/store/codecs/msgpack.js'
import { string } from '../../src/store/codecs/string.js'
import { ValueCorruptError } from '../../src/store/valueErrors.js'
import {
  checkGarbage,
  encoded,
  heedsRooms,
  refusal,
  roundTrip,
  same,
  shared,
  storable,
  texts,
} from '../kit/codecs.js'

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
      { numRuns: 2000, examples: [[{ constructor: new Set(), at: new Date(Number.NaN) }]] },
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
