import { describe, expect, it } from 'vitest'
import { type Store, type Table, TransactionClosedError } from '../../src/index.js'
import { openStore, secondSite, thrownBy } from '../kit/storeRoom.js'

async function openNumbers(count: number): Promise<{ store: Store; numbers: Table<number, number> }> {
  const store = await openStore()
  const numbers = store.table<number, number>('numbers')
  store.transactionSync((tx) => {
    for (let i = 0; i < count; i++) tx.put(numbers, i, i)
  })
  return { store, numbers }
}

describe('a held snapshot', () => {
  it('shows one state for as long as it is held, while others commit in this thread and others', async () => {
    const { store, numbers } = await openNumbers(200)
    const other = secondSite(store)
    const theirs = other.table<number, number>('numbers')
    const before = store.snapshot((tx) => tx.getRange(numbers).toArray())
    const held = store.snapshot()
    for (let round = 0; round < 20; round++) {
      const [writer, table] = round % 2 === 0 ? [store, numbers] : [other, theirs]
      writer.transactionSync((tx) => {
        for (let i = 0; i < 50; i++) {
          const key = (round * 37 + i * 11) % 260
          if ((round + i) % 3 === 0) tx.delete(table, key)
          else tx.put(table, key, -round)
        }
      })
      store.collect()
      other.collect()
      expect(held.get(numbers, 7)).toBe(7)
      expect(held.has(numbers, 230)).toBe(false)
      expect(held.count(numbers)).toBe(200)
      expect(held.getRange(numbers).toArray()).toEqual(before)
      expect(held.getRange(numbers, { reverse: true }).toArray()).toEqual(before.toReversed())
    }
    held.close()
  })

  it('walks a range lazily, between commits that empty it', async () => {
    const { store, numbers } = await openNumbers(300)
    const held = store.snapshot()
    const seen: number[] = []
    for (const key of held.getKeys(numbers)) {
      seen.push(key)
      store.transactionSync((tx) => {
        tx.delete(numbers, key)
        tx.delete(numbers, 299 - key)
        tx.put(numbers, 1000 + key, key)
      })
      if (key % 50 === 0) store.collect()
    }
    expect(seen).toEqual(Array.from({ length: 300 }, (_, i) => i))
    held.close()
    expect(store.snapshot((tx) => tx.getKeys(numbers, { limit: 1 }).toArray())).toEqual([1000])
  })

  it('can be one of several, each with its own state, closed in any order', async () => {
    const { store, numbers } = await openNumbers(1)
    const held = Array.from({ length: 6 }, (_, i) => {
      store.transactionSync((tx) => tx.put(numbers, 0, i))
      return store.snapshot()
    })
    store.transactionSync((tx) => tx.put(numbers, 0, 99))
    for (const index of [3, 0, 5, 1, 4, 2]) {
      store.collect()
      expect(held[index]?.get(numbers, 0)).toBe(index)
      held[index]?.close()
    }
    expect(store.stats().oldest).toBeUndefined()
  })

  it('is closed by close, which may be called again, and refuses use afterwards', async () => {
    const { store, numbers } = await openNumbers(3)
    const held = store.snapshot()
    const iterator = held.getKeys(numbers)[Symbol.iterator]()
    iterator.next()
    held.close()
    held.close()
    for (const use of [
      () => held.get(numbers, 0),
      () => held.has(numbers, 0),
      () => held.count(numbers),
      () => held.getRange(numbers).toArray(),
      () => iterator.next(),
    ]) {
      expect(thrownBy(use)).toBeInstanceOf(TransactionClosedError)
    }
    const { committed } = store.stats().transactions
    held[Symbol.dispose]()
    expect(store.stats().transactions.committed).toBe(committed)
  })

  it('is closed by using', async () => {
    const { store, numbers } = await openNumbers(3)
    {
      using held = store.snapshot()
      expect(held.count(numbers)).toBe(3)
      expect(store.stats().oldest).toBeDefined()
    }
    expect(store.stats().oldest).toBeUndefined()
  })

  it('does not make writers fail that began after it, nor is it undone by them', async () => {
    const { store, numbers } = await openNumbers(10)
    const held = store.snapshot()
    for (let i = 0; i < 10; i++) {
      held.get(numbers, i)
      held.count(numbers)
      store.transactionSync((tx) => tx.put(numbers, i, -1), { maxRetries: 0 })
      store.transactionSync((tx) => tx.insert(numbers, 100 + i, -1), { maxRetries: 0 })
    }
    expect(held.getValues(numbers).toArray()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    held.close()
  })
})

describe('a snapshot with a body', () => {
  it('ends when the body throws, and passes the error on', async () => {
    const { store } = await openNumbers(1)
    const error = new Error('mine')
    const failing = () =>
      store.snapshot(() => {
        throw error
      })
    expect(thrownBy(failing)).toBe(error)
    expect(store.stats().oldest).toBeUndefined()
    expect(store.snapshot(() => 1)).toBe(1)
  })

  it('sees everything committed before it began, by any thread', async () => {
    const { store, numbers } = await openNumbers(0)
    const other = secondSite(store)
    const theirs = other.table<number, number>('numbers')
    for (let i = 0; i < 100; i++) {
      const [writer, table] = i % 2 === 0 ? [store, numbers] : [other, theirs]
      writer.transactionSync((tx) => tx.put(table, i, i))
      expect(store.snapshot((tx) => tx.get(numbers, i))).toBe(i)
      expect(other.snapshot((tx) => tx.count(theirs))).toBe(i + 1)
    }
  })
})
