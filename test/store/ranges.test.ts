import { describe, expect, expectTypeOf, it } from 'vitest'
import { OptionError, type Range, type Store, type Table } from '../../src/index.js'
import { openStore, thrownBy } from '../kit/storeRoom.js'

async function openNumbers(count: number): Promise<{ store: Store; numbers: Table<number, string> }> {
  const store = await openStore()
  const numbers = store.table<number, string>('numbers')
  store.transactionSync((tx) => {
    for (let i = 0; i < count; i++) tx.put(numbers, i, `v${i}`)
  })
  return { store, numbers }
}

describe('a range', () => {
  it('is lazy: nothing is read before it is iterated, and each iteration reads anew', async () => {
    const { store, numbers } = await openNumbers(3)
    store.transactionSync((tx) => {
      const range = tx.getKeys(numbers)
      tx.put(numbers, 3, 'v3')
      expect([...range]).toEqual([0, 1, 2, 3])
      tx.delete(numbers, 0)
      expect(range.toArray()).toEqual([1, 2, 3])
    })
  })

  it('can be left by break, and the iterator is then done', async () => {
    const { store, numbers } = await openNumbers(500)
    store.snapshot((tx) => {
      const iterator = tx.getRange(numbers)[Symbol.iterator]()
      const seen: number[] = []
      for (const [key] of iterator as Iterable<[number, string]>) {
        seen.push(key)
        if (key === 2) break
      }
      expect(seen).toEqual([0, 1, 2])
      expect(iterator.next()).toEqual({ value: undefined, done: true })
    })
  })

  it('is left by destructuring without reading on', async () => {
    const { store, numbers } = await openNumbers(500)
    store.snapshot((tx) => {
      const [first, second] = tx.getKeys(numbers, { reverse: true })
      expect([first, second]).toEqual([499, 498])
    })
  })

  it('stays at its end', async () => {
    const { store, numbers } = await openNumbers(1)
    store.snapshot((tx) => {
      const iterator = tx.getKeys(numbers)[Symbol.iterator]()
      expect(iterator.next()).toEqual({ value: 0, done: false })
      expect(iterator.next()).toEqual({ value: undefined, done: true })
      expect(iterator.next()).toEqual({ value: undefined, done: true })
    })
  })

  it('can be walked several times at once, with other reads in between', async () => {
    const { store, numbers } = await openNumbers(300)
    store.snapshot((tx) => {
      const up = tx.getRange(numbers)[Symbol.iterator]()
      const down = tx.getRange(numbers, { reverse: true })[Symbol.iterator]()
      for (let i = 0; i < 300; i++) {
        expect(up.next().value).toEqual([i, `v${i}`])
        expect(tx.get(numbers, 7)).toBe('v7')
        expect(down.next().value).toEqual([299 - i, `v${299 - i}`])
      }
      expect([up.next().done, down.next().done]).toEqual([true, true])
    })
  })

  it('can be emptied while it is walked', async () => {
    const { store, numbers } = await openNumbers(700)
    for (const reverse of [false, true]) {
      const removed = store.transactionSync((tx) => {
        const half = reverse ? {} : { gte: 350 }
        let count = 0
        for (const key of tx.getKeys(numbers, { ...half, reverse })) count += Number(tx.delete(numbers, key))
        return count
      })
      expect(removed).toBe(350)
    }
    expect(store.snapshot((tx) => tx.count(numbers))).toBe(0)
  })

  it('can be walked across awaits of an async body while others commit', async () => {
    const { store, numbers } = await openNumbers(400)
    const seen = await store.transaction(async (tx) => {
      const keys: number[] = []
      for (const key of tx.getKeys(numbers)) {
        keys.push(key)
        if (key % 40 !== 0) continue
        await Promise.resolve()
        store.transactionSync((other) => {
          for (let i = 0; i < 40; i++) other.delete(numbers, key + i)
          for (let i = 0; i < 40; i++) other.put(numbers, 1000 + key + i, 'new')
        })
        store.collect()
      }
      return keys
    })
    expect(seen).toEqual(Array.from({ length: 400 }, (_, i) => i))
    expect(store.snapshot((tx) => tx.count(numbers, { gte: 1000 }))).toBe(400)
  })

  it('with bounds that cross, or a limit of 0, is empty', async () => {
    const { store, numbers } = await openNumbers(300)
    const empty: Range<number>[] = [
      { gt: 5, lt: 5 },
      { gt: 5, lt: 6 },
      { gte: 200, lt: 100 },
      { gt: 299 },
      { lt: 0 },
      { limit: 0 },
    ]
    store.snapshot((tx) => {
      for (const range of empty.flatMap((each) => [each, { ...each, reverse: true }])) {
        expect(tx.getRange(numbers, range).toArray()).toEqual([])
        expect(tx.count(numbers, range)).toBe(0)
      }
    })
  })

  it('may name its bounds as undefined', async () => {
    const { store, numbers } = await openNumbers(3)
    const range = { gt: undefined, lte: 1, limit: undefined } as unknown as Range<number>
    expect(store.snapshot((tx) => tx.getKeys(numbers, range).toArray())).toEqual([0, 1])
  })

  const wrong = {
    'an unknown option': { from: 1 },
    'two lower bounds': { gt: 1, gte: 1 },
    'two upper bounds': { lt: 1, lte: 1 },
    'a negative limit': { limit: -1 },
    'a limit that is no whole number': { limit: 1.5 },
    'a limit that is no number': { limit: '1' },
    'a reverse that is no boolean': { reverse: 'yes' },
  }
  it.each(Object.entries(wrong))('with %s is refused at the call', async (_, range) => {
    const { store, numbers } = await openNumbers(1)
    store.transactionSync((tx) => {
      expect(thrownBy(() => tx.getRange(numbers, range as Range<number>))).toBeInstanceOf(OptionError)
      expect(thrownBy(() => tx.count(numbers, range as Range<number>))).toBeInstanceOf(OptionError)
    })
  })

  it('has the types of its table', async () => {
    const { store, numbers } = await openNumbers(1)
    store.snapshot((tx) => {
      expectTypeOf(tx.getRange(numbers).toArray()).toEqualTypeOf<[number, string][]>()
      expectTypeOf(tx.getKeys(numbers).toArray()).toEqualTypeOf<number[]>()
      expectTypeOf([...tx.getValues(numbers)]).toEqualTypeOf<string[]>()
      // @ts-expect-error a bound must be of the key's type
      tx.getRange(numbers, { gt: 'a' })
    })
  })
})
