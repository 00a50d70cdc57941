import { describe, expect, expectTypeOf, it } from 'vitest'
import { catalogEntryWords, header, layoutOf, tableLimit } from '../../src/memory/layout.js'
import { tableDescriptor } from '../../src/mvcc/index/node.js'
import {
  bytes,
  json,
  type Key,
  msgpack,
  string,
  type Table,
  TableError,
  TableLimitError,
  type ValueCodec,
} from '../../src/index.js'
import { mixedKeys } from '../kit/storeKeys.js'
import { openStore, secondSite, thrownBy } from '../kit/storeRoom.js'

describe('types', () => {
  it('of a table come from its type arguments or its codec', async () => {
    const store = await openStore()
    expectTypeOf(store.table('plain')).toEqualTypeOf<Table>()
    expectTypeOf(store.table<string, number>('typed')).toEqualTypeOf<Table<string, number>>()
    expectTypeOf(store.table('text', { codec: string })).toEqualTypeOf<Table<Key, string>>()
    expectTypeOf(store.table<Date, Uint8Array>('blobs', { codec: bytes })).toEqualTypeOf<
      Table<Date, Uint8Array>
    >()
  })

  it('of operations follow the table', async () => {
    const store = await openStore()
    const users = store.table<readonly [string, number], { name: string }>('users')
    store.transactionSync((tx) => {
      tx.put(users, ['a', 1], { name: 'x' })
      expectTypeOf(tx.get(users, ['a', 1])).toEqualTypeOf<{ name: string } | undefined>()
      expectTypeOf(tx.has(users, ['a', 1])).toEqualTypeOf<boolean>()
      expectTypeOf(tx.delete(users, ['a', 1])).toEqualTypeOf<boolean>()
      expectTypeOf(tx.abort).returns.toEqualTypeOf<never>()
      // @ts-expect-error a key of another type
      tx.get(users, 'a')
      // @ts-expect-error a value of another type
      tx.put(users, ['a', 1], { name: 5 })
    })
  })

  it('of results come from the body', async () => {
    const store = await openStore()
    expectTypeOf(store.transactionSync(() => 1)).toEqualTypeOf<number>()
    expectTypeOf(store.transaction(() => 'x')).toEqualTypeOf<Promise<string>>()
    expectTypeOf(store.transaction(async () => 'x')).toEqualTypeOf<Promise<string>>()
    expectTypeOf(store.snapshot(() => true)).toEqualTypeOf<boolean>()
    await Promise.resolve()
  })
})

describe('keys of all types', () => {
  it('live in one table, each found again and in one order', async () => {
    const store = await openStore()
    const mixed = store.table('mixed')
    store.transactionSync((tx) => mixedKeys.forEach((key, i) => tx.insert(mixed, key, i)))
    store.snapshot((tx) => {
      mixedKeys.forEach((key, i) => expect(tx.get(mixed, key)).toBe(i))
      expect(tx.count(mixed)).toBe(mixedKeys.length)
      expect(tx.getKeys(mixed, { lt: false }).toArray()).toEqual([])
      const [first] = tx.getKeys(mixed)
      const [last] = tx.getKeys(mixed, { reverse: true })
      expect([first, Array.isArray(last)]).toEqual([false, true])
    })
  })
})

describe('codecs', () => {
  it('each keep their values', async () => {
    const store = await openStore()
    const tables = {
      msgpack: store.table('1', { codec: msgpack }),
      string: store.table('2', { codec: string }),
      bytes: store.table('3', { codec: bytes }),
      json: store.table('4', { codec: json }),
    }
    store.transactionSync((tx) => {
      tx.put(tables.msgpack, 'k', { at: new Date(7), big: 5n })
      tx.put(tables.string, 'k', 'ä\0\u{1f600}')
      tx.put(tables.bytes, 'k', Uint8Array.of(0, 255))
      tx.put(tables.json, 'k', { a: [1, null] })
    })
    store.snapshot((tx) => {
      expect(tx.get(tables.msgpack, 'k')).toEqual({ at: new Date(7), big: 5n })
      expect(tx.get(tables.string, 'k')).toBe('ä\0\u{1f600}')
      expect([...(tx.get(tables.bytes, 'k') ?? [])]).toEqual([0, 255])
      expect(tx.get(tables.json, 'k')).toEqual({ a: [1, null] })
    })
  })

  it('may be the user’s own; an error of one is passed on, and the transaction goes on', async () => {
    const store = await openStore()
    const codec: ValueCodec<number> = {
      name: 'one byte',
      encode(value, target, start) {
        if (value > 255) throw new RangeError('too large for a byte')
        if (start + 1 > target.length) return -1
        target[start] = value
        return start + 1
      },
      decode: (source, start) => source[start] ?? 0,
    }
    const small = store.table<string, number>('small', { codec })
    store.transactionSync((tx) => {
      for (let i = 0; i < 10_000; i++) tx.put(small, `k${i}`, i % 256)
      expect(() => tx.put(small, 'k1', 256)).toThrow(RangeError)
      expect(tx.get(small, 'k1')).toBe(1)
    })
    store.snapshot((tx) => {
      for (let i = 0; i < 10_000; i += 97) expect(tx.get(small, `k${i}`)).toBe(i % 256)
    })
  })

  it('that differ in name are refused for one table, in this thread and others', async () => {
    const store = await openStore()
    store.table('items', { codec: json })
    const other = secondSite(store)
    for (const again of [
      () => store.table('items', { codec: string }),
      () => other.table('items', { codec: string }),
      () => other.table('items'),
    ]) {
      const error = thrownBy(again)
      expect(error).toBeInstanceOf(TableError)
      expect(error).toMatchObject({ table: 'items', code: 'TIDEMARK_TABLE' })
      expect((error as Error).message).toMatch(/'items'.*json/)
    }
    expect(store.table('items').name).toBe('items')
    expect(other.table('items', { codec: json }).name).toBe('items')
  })
})

describe('many tables', () => {
  it('do not run into each other: ranges end at the table’s end', async () => {
    const store = await openStore()
    const tables = Array.from({ length: 60 }, (_, i) => store.table<number, string>(`t${i}`))
    store.transactionSync((tx) => {
      tables.forEach((table, i) => {
        for (let key = 0; key < i; key++) tx.put(table, key, `${i}/${key}`)
      })
    })
    store.snapshot((tx) => {
      tables.forEach((table, i) => {
        const entries = Array.from({ length: i }, (_, key) => [key, `${i}/${key}`])
        expect(tx.getRange(table).toArray()).toEqual(entries)
        expect(tx.getRange(table, { reverse: true }).toArray()).toEqual(entries.toReversed())
        expect(tx.count(table, { gte: Number.NEGATIVE_INFINITY })).toBe(i)
        expect(tx.has(table, i)).toBe(false)
      })
    })
  })

  it('can be written in one transaction, and undone together', async () => {
    const store = await openStore()
    const [first, second] = [store.table('first'), store.table('second')]
    const undone = () =>
      store.transactionSync((tx) => {
        tx.put(first, 'k', 1)
        tx.put(second, 'k', 2)
        expect([tx.get(first, 'k'), tx.get(second, 'k')]).toEqual([1, 2])
        throw new Error('mine')
      })
    expect(undone).toThrow('mine')
    store.snapshot((tx) => expect([tx.has(first, 'k'), tx.has(second, 'k')]).toEqual([false, false]))
  })

  it('beyond the limit are refused with a TableLimitError, and the others stay usable', async () => {
    const store = await openStore()
    const items = store.table('items')
    const words = new Int32Array(store.handle.buffer)
    const { catalogStart } = layoutOf(store.stats().memoryLimitBytes)
    const descriptor = words[catalogStart + catalogEntryWords + tableDescriptor]!
    // As if so many had been made: every entry is described as the first one is.
    for (let id = 2; id <= tableLimit; id++)
      words[catalogStart + catalogEntryWords * id + tableDescriptor] = descriptor
    words[header.catalogCount] = tableLimit
    const error = thrownBy(() => store.table('one more'))
    expect(error).toBeInstanceOf(TableLimitError)
    expect(error).toMatchObject({ limit: tableLimit, code: 'TIDEMARK_TABLE_LIMIT' })
    expect((error as Error).message).toMatch(/'one more'.*4095/)
    store.transactionSync((tx) => tx.put(items, 'a', 1))
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(1)
  })
})
