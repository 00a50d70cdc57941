import { describe, expect, it } from 'vitest'
import { bytes, MemoryFullError, type Store, type Table, type Transaction } from '../../src/index.js'
import { gate, mebibyte, openStore, rejectionOf, thrownBy } from '../kit/storeRoom.js'

const limit = 16 * mebibyte
const row = new Uint8Array(4000).fill(1)

/** A store filled, one key after the other, until a transaction failed. */
async function openFull(): Promise<{ store: Store; blobs: Table<number, Uint8Array>; count: number }> {
  const store = await openStore({ memoryLimitBytes: limit })
  const blobs = store.table<number, Uint8Array>('blobs', { codec: bytes })
  let count = 0
  const error = thrownBy(() => {
    for (;;) {
      store.transactionSync((tx) => tx.put(blobs, count, row))
      count++
    }
  })
  expect(error).toBeInstanceOf(MemoryFullError)
  return { store, blobs, count }
}

describe('MemoryFullError', () => {
  it('comes when the limit is used up, and names it and the way out', async () => {
    const store = await openStore({ memoryLimitBytes: limit })
    const blobs = store.table<number, Uint8Array>('blobs', { codec: bytes })
    const half = new Uint8Array(0.6 * limit)
    store.transactionSync((tx) => tx.put(blobs, 1, half))
    const error = thrownBy(() => store.transactionSync((tx) => tx.put(blobs, 2, half)))
    expect(error).toBeInstanceOf(MemoryFullError)
    expect(error).toMatchObject({ limitBytes: limit, code: 'TIDEMARK_MEMORY_FULL', retryable: false })
    expect((error as Error).message).toMatch(/memoryLimitBytes of 16777216.*[Dd]elete/)
    expect(store.stats().transactions.aborted.memory).toBeGreaterThan(0)
  })

  it('is not taken for a conflict when no retries are allowed', async () => {
    const { store, blobs } = await openFull()
    const body = (tx: Transaction) => {
      for (let i = 0; i < 100; i++) tx.put(blobs, -1 - i, row)
    }
    const options = { maxRetries: 0 }
    expect(thrownBy(() => store.transactionSync(body, options))).toBeInstanceOf(MemoryFullError)
    expect(await rejectionOf(store.transaction(body, options))).toBeInstanceOf(MemoryFullError)
  })

  it('comes only when most of the limit holds data', async () => {
    const { store, count } = await openFull()
    expect(count * row.length).toBeGreaterThan(0.75 * limit)
    expect(store.stats().memoryBytes).toBeGreaterThan(0.9 * limit)
  })

  it('undoes one transaction alone: all that was committed is there', async () => {
    const { store, blobs, count } = await openFull()
    const several = () =>
      store.transactionSync((tx) => {
        tx.put(blobs, 0, Uint8Array.of(9))
        for (let i = 0; i < 100; i++) tx.put(blobs, -1 - i, row)
      })
    for (let i = 0; i < 3; i++) expect(thrownBy(several)).toBeInstanceOf(MemoryFullError)
    store.snapshot((tx) => {
      expect(tx.getKeys(blobs).toArray()).toEqual(Array.from({ length: count }, (_, i) => i))
      for (const value of tx.getValues(blobs)) expect(Buffer.compare(value, row)).toBe(0)
    })
  })

  it('does not let a body that swallows it commit', async () => {
    const { store, blobs, count } = await openFull()
    const swallowing = () =>
      store.transactionSync((tx) => {
        let isFull = false
        for (let i = 0; i < 5000 && !isFull; i++) {
          try {
            tx.put(blobs, -1 - i, row)
          } catch {
            isFull = true
          }
        }
        tx.delete(blobs, 0)
      })
    expect(thrownBy(swallowing)).toBeInstanceOf(MemoryFullError)
    expect(store.snapshot((tx) => tx.count(blobs))).toBe(count)
  })

  it('leaves reading possible: transactions, ranges, snapshots', async () => {
    const { store, blobs, count } = await openFull()
    expect(store.transactionSync((tx) => tx.get(blobs, 0)?.length)).toBe(row.length)
    expect(store.transactionSync((tx) => tx.has(blobs, -5))).toBe(false)
    expect(store.transactionSync((tx) => tx.count(blobs))).toBe(count)
    expect(
      await store.transaction(async (tx) => tx.getKeys(blobs, { reverse: true, limit: 1 }).toArray()),
    ).toEqual([count - 1])
    const held = store.snapshot()
    expect(held.count(blobs)).toBe(count)
    held.close()
  })

  it('leaves deleting possible, one by one, and the freed space is usable again', async () => {
    const { store, blobs, count } = await openFull()
    for (let i = 0; i < count; i++) expect(store.transactionSync((tx) => tx.delete(blobs, i))).toBe(true)
    store.collect()
    store.collect()
    expect(store.snapshot((tx) => tx.count(blobs))).toBe(0)
    for (let i = 0; i < count * 0.9; i++) store.transactionSync((tx) => tx.put(blobs, i, row))
  })

  it('leaves deleting possible in one transaction', async () => {
    const { store, blobs, count } = await openFull()
    store.transactionSync((tx) => {
      for (const key of tx.getKeys(blobs, { limit: 500 })) tx.delete(blobs, key)
    })
    store.collect()
    store.collect()
    for (let i = 0; i < 400; i++) store.transactionSync((tx) => tx.put(blobs, -1 - i, row))
    expect(store.snapshot((tx) => tx.count(blobs))).toBe(count - 500 + 400)
  })

  it('lets freed space serve values of other sizes', async () => {
    const { store, blobs, count } = await openFull()
    for (let i = 0; i < count; i++) store.transactionSync((tx) => tx.delete(blobs, i))
    store.collect()
    store.collect()
    for (let i = 0; i < (0.3 * limit) / 250; i++)
      store.transactionSync((tx) => tx.put(blobs, i, row.subarray(0, 100)))
    for (let i = 0; i < 3; i++) store.transactionSync((tx) => tx.put(blobs, -1 - i, new Uint8Array(70_000)))
    expect(store.snapshot((tx) => tx.get(blobs, -3))).toHaveLength(70_000)
  })

  it('in locking mode leaves nothing locked and nothing open', async () => {
    const { store, blobs, count } = await openFull()
    const locking = { mode: 'locking' } as const
    for (let round = 0; round < 50; round++) {
      const put = () =>
        store.transactionSync((tx) => {
          for (let i = 0; i < 100; i++) tx.put(blobs, i, row)
        }, locking)
      expect(thrownBy(put)).toBeInstanceOf(MemoryFullError)
    }
    expect(store.stats().oldest).toBeUndefined()
    store.transactionSync((tx) => tx.delete(blobs, 0))
    expect(store.snapshot((tx) => tx.count(blobs))).toBe(count - 1)
  })

  it('while locking transactions are begun leaves nothing open', async () => {
    const { store, blobs } = await openFull()
    const end = gate()
    const holders: Promise<unknown>[] = []
    // Each needs a little memory of its own while it is open: at some time a beginning fails.
    for (let i = 0; i < 20_000; i++) {
      const body = async () => await end.passed
      holders.push(rejectionOf(store.transaction(body, { mode: 'locking' })).catch(() => undefined))
    }
    end.open()
    const errors = (await Promise.all(holders)).filter((error) => error !== undefined)
    expect(errors.length).toBeGreaterThan(0)
    for (const error of errors) expect(error).toBeInstanceOf(MemoryFullError)
    expect(store.stats().oldest).toBeUndefined()
    store.transactionSync((tx) => tx.delete(blobs, 0))
  })

  it('is not caused by updates and deletes over a long time', async () => {
    const { store, blobs, count } = await openFull()
    for (let i = 0; i < 200; i++) store.transactionSync((tx) => tx.delete(blobs, i))
    store.collect()
    store.collect()
    for (let i = 0; i < 5000; i++) {
      const key = 200 + (i % (count - 200))
      store.transactionSync((tx) => {
        if (i % 7 === 0) tx.delete(blobs, key)
        else tx.put(blobs, key, row)
      })
    }
    expect(store.snapshot((tx) => tx.count(blobs))).toBeLessThanOrEqual(count - 200)
  })
})
