import { describe, expect, it } from 'vitest'
import { AbortedError, bytes, DuplicateKeyError, type Store, type Table } from '../../src/index.js'
import { gate, openStore, rejectionOf, thrownBy } from '../kit/storeRoom.js'

async function openItems(): Promise<{ store: Store; items: Table<string> }> {
  const store = await openStore()
  return { store, items: store.table<string>('items') }
}

describe('operations', () => {
  it('gives what the body returns', async () => {
    const { store } = await openItems()
    expect(store.transactionSync(() => 7)).toBe(7)
    expect(await store.transaction(() => 'sync body')).toBe('sync body')
    expect(await store.transaction(async () => 'async body')).toBe('async body')
    expect(store.snapshot(() => 'snapshot body')).toBe('snapshot body')
  })

  it('puts, replaces and reads', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => tx.put(items, 'a', { n: 1 }))
    store.transactionSync((tx) => tx.put(items, 'a', { n: 2, more: ['x'] }))
    store.transactionSync((tx) => {
      expect(tx.get(items, 'a')).toEqual({ n: 2, more: ['x'] })
      expect(tx.has(items, 'a')).toBe(true)
      expect(tx.get(items, 'b')).toBeUndefined()
      expect(tx.has(items, 'b')).toBe(false)
    })
  })

  it('inserts an absent key, and refuses a present one with a DuplicateKeyError that names it', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => tx.insert(items, 'a', 1))
    const error = thrownBy(() => store.transactionSync((tx) => tx.insert(items, 'a', 2)))
    expect(error).toBeInstanceOf(DuplicateKeyError)
    expect(error).toMatchObject({
      table: 'items',
      key: 'a',
      code: 'TIDEMARK_DUPLICATE_KEY',
      retryable: false,
    })
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(1)
  })

  it('goes on after a DuplicateKeyError that the body handles', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => {
      tx.put(items, 'a', 1)
      expect(thrownBy(() => tx.insert(items, 'a', 2))).toBeInstanceOf(DuplicateKeyError)
      tx.put(items, 'b', 3)
    })
    expect(store.snapshot((tx) => tx.getRange(items).toArray())).toEqual([
      ['a', 1],
      ['b', 3],
    ])
  })

  it('tells by delete whether the key was there', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => tx.put(items, 'a', 1))
    store.transactionSync((tx) => {
      expect(tx.delete(items, 'a')).toBe(true)
      expect(tx.delete(items, 'a')).toBe(false)
      expect(tx.delete(items, 'never')).toBe(false)
    })
    expect(store.snapshot((tx) => tx.has(items, 'a'))).toBe(false)
    expect(store.transactionSync((tx) => tx.delete(items, 'a'))).toBe(false)
  })

  it('keeps null, false, 0 and empty values apart from absent keys', async () => {
    const { store, items } = await openItems()
    const values = [null, false, 0, '', [], {}]
    store.transactionSync((tx) => values.forEach((value, i) => tx.put(items, `k${i}`, value)))
    store.snapshot((tx) => {
      expect(tx.getValues(items).toArray()).toEqual(values)
      values.forEach((value, i) => {
        expect(tx.has(items, `k${i}`)).toBe(true)
        expect(tx.get(items, `k${i}`)).toEqual(value)
      })
    })
  })

  it('holds thousands of writes in one transaction', async () => {
    const { store } = await openItems()
    const numbers = store.table<number, number>('numbers')
    const count = 3000
    store.transactionSync((tx) => {
      for (let i = 0; i < count; i++) tx.put(numbers, (i * 7919) % count, i)
      for (let i = 0; i < count; i += 3) tx.put(numbers, (i * 7919) % count, -i)
      for (let i = 0; i < count; i += 5) expect(tx.delete(numbers, (i * 7919) % count)).toBe(true)
      expect(tx.count(numbers)).toBe(count - count / 5)
    })
    store.snapshot((tx) => {
      for (let i = 0; i < count; i++) {
        const expected = i % 5 === 0 ? undefined : i % 3 === 0 ? -i : i
        expect(tx.get(numbers, (i * 7919) % count)).toBe(expected)
      }
    })
  })
})

describe('own writes', () => {
  it('are visible to get, has and count before the commit, and to nobody else', async () => {
    const { store, items } = await openItems()
    await store.transaction(async (tx) => {
      tx.put(items, 'a', 1)
      tx.insert(items, 'b', 2)
      expect(tx.get(items, 'a')).toBe(1)
      expect(tx.has(items, 'b')).toBe(true)
      expect(tx.count(items)).toBe(2)
      await Promise.resolve()
      store.snapshot((other) => expect(other.count(items)).toBe(0))
    })
    expect(store.snapshot((tx) => tx.count(items))).toBe(2)
  })

  it('show in ranges: puts, replacements and deletes, in key order', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => {
      for (const key of ['b', 'd', 'f']) tx.put(items, key, 'old')
    })
    store.transactionSync((tx) => {
      tx.put(items, 'a', 'new')
      tx.put(items, 'd', 'replaced')
      tx.put(items, 'e', 'new')
      tx.delete(items, 'f')
      const entries = [
        ['a', 'new'],
        ['b', 'old'],
        ['d', 'replaced'],
        ['e', 'new'],
      ]
      expect(tx.getRange(items).toArray()).toEqual(entries)
      expect(tx.getRange(items, { reverse: true }).toArray()).toEqual(entries.toReversed())
      expect(tx.getKeys(items, { gte: 'b', lt: 'f' }).toArray()).toEqual(['b', 'd', 'e'])
      expect(tx.count(items, { gt: 'd' })).toBe(1)
    })
  })

  it('win over each other in order: put, delete, insert and put again of one key', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => tx.put(items, 'a', 'old'))
    store.transactionSync((tx) => {
      expect(tx.delete(items, 'a')).toBe(true)
      expect(tx.get(items, 'a')).toBeUndefined()
      expect(tx.getKeys(items).toArray()).toEqual([])
      tx.insert(items, 'a', 'inserted')
      expect(tx.get(items, 'a')).toBe('inserted')
      tx.put(items, 'a', 'put')
      expect(tx.delete(items, 'a')).toBe(true)
      tx.insert(items, 'a', 'last')
    })
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe('last')
  })

  it('leave no trace when a key is inserted and deleted in one transaction', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => {
      tx.insert(items, 'a', 1)
      tx.delete(items, 'a')
    })
    store.snapshot((tx) => expect([tx.has(items, 'a'), tx.count(items)]).toEqual([false, 0]))
    store.transactionSync((tx) => tx.insert(items, 'a', 2))
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(2)
  })
})

describe('undoing', () => {
  it('undoes everything when the body throws, and passes the error on as it is', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => tx.put(items, 'kept', 1))
    const error = new Error('mine')
    const body = (tx: Parameters<Parameters<Store['transactionSync']>[0]>[0]) => {
      tx.put(items, 'new', 1)
      tx.put(items, 'kept', 2)
      tx.delete(items, 'kept')
      throw error
    }
    expect(thrownBy(() => store.transactionSync(body))).toBe(error)
    expect(await rejectionOf(store.transaction(body))).toBe(error)
    expect(await rejectionOf(store.transaction(async (tx) => body(tx)))).toBe(error)
    expect(store.snapshot((tx) => tx.getRange(items).toArray())).toEqual([['kept', 1]])
    expect(store.stats().transactions.aborted.user).toBe(3)
  })

  it('undoes everything by tx.abort, whose argument is the cause', async () => {
    const { store, items } = await openItems()
    const error = thrownBy(() =>
      store.transactionSync((tx) => {
        tx.put(items, 'a', 1)
        tx.abort('no stock')
      }),
    )
    expect(error).toBeInstanceOf(AbortedError)
    expect(error).toMatchObject({ cause: 'no stock', code: 'TIDEMARK_ABORTED', retryable: false })
    const later = rejectionOf(store.transaction(async (tx) => tx.abort()))
    expect(await later).toBeInstanceOf(AbortedError)
    expect(store.snapshot((tx) => tx.count(items))).toBe(0)
  })

  it('does not commit after tx.abort, even if the body swallows its error', async () => {
    const { store, items } = await openItems()
    const error = thrownBy(() =>
      store.transactionSync((tx) => {
        tx.put(items, 'a', 1)
        expect(thrownBy(() => tx.abort('no stock'))).toBeInstanceOf(AbortedError)
      }),
    )
    expect(error).toBeInstanceOf(AbortedError)
    expect(store.snapshot((tx) => tx.count(items))).toBe(0)
  })

  it('does not run the body again when it throws', async () => {
    const { store } = await openItems()
    let runs = 0
    await rejectionOf(
      store.transaction(() => {
        runs++
        throw new Error('mine')
      }),
    )
    expect(runs).toBe(1)
  })
})

describe('values', () => {
  it('are the caller’s to keep and change: what was read', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => tx.put(items, 'a', { list: [1], map: new Map([['k', 1]]) }))
    store.transactionSync((tx) => {
      for (let i = 0; i < 2; i++) {
        const value = tx.get(items, 'a') as { list: number[]; map: Map<string, number> }
        expect(value).toEqual({ list: [1], map: new Map([['k', 1]]) })
        value.list.push(2)
        value.map.clear()
      }
      const [inRange] = tx.getValues(items).toArray() as { list: number[] }[]
      inRange?.list.push(3)
      expect(tx.get(items, 'a')).toEqual({ list: [1], map: new Map([['k', 1]]) })
    })
  })

  it('are the caller’s to keep and change: what was written', async () => {
    const { store, items } = await openItems()
    const value = { list: [1] }
    store.transactionSync((tx) => {
      tx.put(items, 'a', value)
      value.list.push(2)
      expect(tx.get(items, 'a')).toEqual({ list: [1] })
    })
    value.list.push(3)
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toEqual({ list: [1] })
  })

  it('of bytes share no memory with the store or with the transaction', async () => {
    const { store } = await openItems()
    const blobs = store.table<string, Uint8Array>('blobs', { codec: bytes })
    const blob = Uint8Array.of(1, 2, 3)
    store.transactionSync((tx) => {
      tx.put(blobs, 'a', blob)
      blob.fill(9)
      tx.get(blobs, 'a')?.fill(8)
      expect([...(tx.get(blobs, 'a') ?? [])]).toEqual([1, 2, 3])
    })
    const kept = store.snapshot((tx) => tx.get(blobs, 'a'))
    store.transactionSync((tx) => tx.get(blobs, 'a')?.fill(7))
    for (let i = 0; i < 200; i++) store.transactionSync((tx) => tx.put(blobs, 'a', Uint8Array.of(i, i, i)))
    expect([...(kept ?? [])]).toEqual([1, 2, 3])
  })

  it('as keys read from ranges are the caller’s to change', async () => {
    const { store } = await openItems()
    const byDate = store.table<Date, number>('by date')
    store.transactionSync((tx) => tx.put(byDate, new Date(5), 1))
    store.transactionSync((tx) => {
      for (const key of tx.getKeys(byDate)) key.setTime(99)
      expect(tx.getKeys(byDate).toArray()).toEqual([new Date(5)])
      expect(tx.get(byDate, new Date(5))).toBe(1)
    })
  })
})

describe('async bodies', () => {
  it('interleave with sync transactions of the same thread, each seeing one state', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => tx.put(items, 'a', 1))
    const seen = await store.transaction(async (tx) => {
      const before = tx.get(items, 'b')
      await new Promise(setImmediate)
      store.transactionSync((other) => other.put(items, 'a', 2))
      await new Promise(setImmediate)
      return [before, tx.get(items, 'a'), tx.get(items, 'b')]
    })
    expect(seen).toEqual([undefined, 1, undefined])
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(2)
  })

  it('run side by side and lose no update', async () => {
    const { store, items } = await openItems()
    store.transactionSync((tx) => tx.put(items, 'n', 0))
    const bodies = Array.from({ length: 20 }, () =>
      store.transaction(async (tx) => {
        const n = tx.get(items, 'n') as number
        await new Promise(setImmediate)
        tx.put(items, 'n', n + 1)
      }),
    )
    await Promise.all(bodies)
    expect(store.snapshot((tx) => tx.get(items, 'n'))).toBe(20)
  })

  it('may be thenables of any kind', async () => {
    const { store, items } = await openItems()
    const result = await store.transaction((tx) => {
      tx.put(items, 'a', 1)
      const thenable: PromiseLike<string> = {
        // oxlint-disable-next-line unicorn/no-thenable
        then: (fulfil) => Promise.resolve('done').then(fulfil),
      }
      return thenable
    })
    expect(result).toBe('done')
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(1)
  })

  it('commit when the body is over, not before', async () => {
    const { store, items } = await openItems()
    const end = gate()
    const waiting = store.transaction(async (tx) => {
      tx.put(items, 'a', tx.attempt)
      await end.passed
    })
    await new Promise(setImmediate)
    expect(store.snapshot((tx) => tx.has(items, 'a'))).toBe(false)
    end.open()
    await waiting
    // The snapshot had seen the key absent at a later time, so the first run could not stand.
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(2)
  })
})
