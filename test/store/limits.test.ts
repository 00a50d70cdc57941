import { describe, expect, it } from 'vitest'
import {
  bytes,
  KeyTooLongError,
  KeyTypeError,
  maxKeyBytes,
  type Store,
  string,
  type Table,
  type Transaction,
  ValueTooLongError,
  ValueTypeError,
} from '../../src/index.js'
import { maxValueBytes } from '../../src/mvcc/version.js'
import { mebibyte, openStore, thrownBy } from '../kit/storeRoom.js'

async function openItems(): Promise<{ store: Store; items: Table }> {
  const store = await openStore()
  return { store, items: store.table('items') }
}

/** Every operation that takes a key. */
function operations(tx: Transaction, table: Table, key: unknown): Record<string, () => unknown> {
  const bad = key as string
  return {
    get: () => tx.get(table, bad),
    has: () => tx.has(table, bad),
    put: () => tx.put(table, bad, 1),
    insert: () => tx.insert(table, bad, 1),
    delete: () => tx.delete(table, bad),
    'getRange gt': () => tx.getRange(table, { gt: bad }).toArray(),
    'getKeys gte': () => tx.getKeys(table, { gte: bad }).toArray(),
    'getValues lt': () => tx.getValues(table, { lt: bad }).toArray(),
    'count lte': () => tx.count(table, { lte: bad }),
  }
}

describe('a key', () => {
  it('that is too long is refused at the call by an error with the limit, and nothing is lost', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => {
      tx.put(items, 'before', 1)
      for (const key of [
        'x'.repeat(maxKeyBytes),
        ['a', 'x'.repeat(5000)],
        1n << 20_000n,
        new Uint8Array(3000),
      ]) {
        for (const [name, operation] of Object.entries(operations(tx, items, key))) {
          const error = thrownBy(operation)
          expect([name, error]).toEqual([name, expect.any(KeyTooLongError)])
          expect(error).toMatchObject({ limitBytes: maxKeyBytes, code: 'TIDEMARK_KEY_TOO_LONG' })
          expect((error as Error).message).toContain(String(maxKeyBytes))
        }
      }
      tx.put(items, 'after', 2)
      expect(tx.count(items)).toBe(2)
    })
    expect(store.snapshot((tx) => tx.getRange(items).toArray())).toEqual([
      ['after', 2],
      ['before', 1],
    ])
  })

  it('of the greatest length is allowed, in every operation', async () => {
    const { store, items } = await openItems()
    const longest = 'x'.repeat(maxKeyBytes - 2)
    store.transactionSync((tx) => {
      tx.insert(items, longest, 1)
      for (const operation of Object.values(operations(tx, items, longest)).toSpliced(3, 1)) operation()
      tx.put(items, longest, 2)
    })
    for (let i = 0; i < 40; i++)
      store.transactionSync((tx) => tx.put(items, `${longest.slice(0, -2)}${i + 10}`, i))
    store.snapshot((tx) => {
      expect(tx.get(items, longest)).toBe(2)
      expect(tx.count(items)).toBe(41)
    })
  })

  it('of a type that has no order is refused at the call, and nothing is lost', async () => {
    const { store, items } = await openItems()
    const wrong = [
      Number.NaN,
      undefined,
      null,
      {},
      Symbol('s'),
      () => 1,
      new Date(Number.NaN),
      ['a', undefined],
      '\ud800',
    ]
    store.transactionSync((tx) => {
      tx.put(items, 'before', 1)
      for (const key of wrong) {
        const isBound = key !== undefined
        for (const [name, operation] of Object.entries(operations(tx, items, key))) {
          // An undefined bound is no bound.
          if (!isBound && /[gl]te?$/.test(name)) continue
          const error = thrownBy(operation)
          expect([name, key, error]).toEqual([name, key, expect.any(KeyTypeError)])
          expect(error).toMatchObject({ code: 'TIDEMARK_KEY_TYPE' })
        }
      }
      tx.put(items, 'after', 2)
    })
    expect(store.snapshot((tx) => tx.getKeys(items).toArray())).toEqual(['after', 'before'])
  })
})

describe('a value', () => {
  it('of undefined is refused at the call, by every codec, and nothing is lost', async () => {
    const { store, items } = await openItems()
    const texts = store.table('texts', { codec: string }) as Table<string>
    store.transactionSync((tx) => {
      tx.put(items, 'a', 1)
      for (const table of [items, texts] as Table<string>[]) {
        for (const write of [() => tx.put(table, 'a', undefined), () => tx.insert(table, 'b', undefined)]) {
          const error = thrownBy(write)
          expect(error).toBeInstanceOf(ValueTypeError)
          expect(error).toMatchObject({ code: 'TIDEMARK_VALUE_TYPE' })
        }
      }
      expect(tx.get(items, 'a')).toBe(1)
    })
    expect(store.snapshot((tx) => tx.getRange(items).toArray())).toEqual([['a', 1]])
  })

  it('that the codec does not take is refused at the call, and nothing is lost', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => {
      tx.put(items, 'a', { kept: true })
      for (const value of [() => 1, Symbol('s'), { deep: [() => 1] }])
        expect(thrownBy(() => tx.put(items, 'a', value))).toBeInstanceOf(ValueTypeError)
      expect(tx.get(items, 'a')).toEqual({ kept: true })
      tx.put(items, 'b', 'after')
    })
    store.snapshot((tx) => expect(tx.getValues(items).toArray()).toEqual([{ kept: true }, 'after']))
  })

  it('of the greatest length is kept, one byte more is refused, and nothing is lost', async () => {
    const store = await openStore({ memoryLimitBytes: 64 * mebibyte })
    const blobs = store.table<string, Uint8Array>('blobs', { codec: bytes })
    const longest = new Uint8Array(maxValueBytes).fill(7)
    store.transactionSync((tx) => {
      tx.put(blobs, 'small', Uint8Array.of(1))
      for (const length of [maxValueBytes + 1, 3 * maxValueBytes]) {
        const error = thrownBy(() => tx.put(blobs, 'long', new Uint8Array(length)))
        expect(error).toBeInstanceOf(ValueTooLongError)
        expect(error).toMatchObject({ limitBytes: maxValueBytes, code: 'TIDEMARK_VALUE_TOO_LONG' })
        expect((error as Error).message).toContain(String(maxValueBytes))
      }
      tx.put(blobs, 'long', longest)
      tx.put(blobs, 'last', Uint8Array.of(2))
    })
    store.snapshot((tx) => {
      expect(tx.getKeys(blobs).toArray()).toEqual(['last', 'long', 'small'])
      expect(Buffer.compare(tx.get(blobs, 'long') ?? new Uint8Array(), longest)).toBe(0)
      expect([...(tx.get(blobs, 'last') ?? [])]).toEqual([2])
    })
  })

  it('of any length up to many chunks comes back as it was', async () => {
    const store = await openStore({ memoryLimitBytes: 64 * mebibyte })
    const blobs = store.table<number, Uint8Array>('blobs', { codec: bytes })
    const lengths = [
      0, 1, 3, 4, 5, 255, 256, 257, 4095, 4096, 4097, 16_000, 16_384, 16_400, 65_536, 200_001, 1_000_003,
    ]
    for (const turn of [1, 2]) {
      store.transactionSync((tx) => {
        for (const length of lengths)
          tx.put(blobs, length, new Uint8Array(length).fill((length % 251) + turn))
      })
      store.snapshot((tx) => {
        for (const length of lengths) {
          const value = tx.get(blobs, length) ?? new Uint8Array()
          expect(value.length).toBe(length)
          expect(Buffer.compare(value, new Uint8Array(length).fill((length % 251) + turn))).toBe(0)
        }
      })
    }
  })
})
