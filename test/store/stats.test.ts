import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { abortReasons, bytes } from '../../src/index.js'
import { gate, mebibyte, openStore, rejectionOf, secondSite, thrownBy } from '../kit/storeRoom.js'

describe('stats', () => {
  it('of a new store are zeros, but for the memory that it needs itself', async () => {
    const store = await openStore({ memoryLimitBytes: 8 * mebibyte })
    const stats = store.stats()
    expect(stats).toMatchObject({
      memoryLimitBytes: 8 * mebibyte,
      keys: 0,
      sites: 1,
      oldest: undefined,
      transactions: { committed: 0 },
    })
    expect(Object.keys(stats.transactions.aborted).toSorted()).toEqual(abortReasons.toSorted())
    expect(Object.values(stats.transactions.aborted).every((count) => count === 0)).toBe(true)
    expect(stats.usedBytes).toBeGreaterThanOrEqual(0)
    expect(stats.usedBytes).toBeLessThanOrEqual(stats.memoryBytes)
  })

  it('count transactions of all threads, by how they ended', async () => {
    const store = await openStore()
    const other = secondSite(store)
    const items = store.table<string, number>('items')
    const theirs = other.table<string, number>('items')
    for (let i = 0; i < 5; i++) store.transactionSync((tx) => tx.put(items, 'a', i))
    for (let i = 0; i < 3; i++) other.transactionSync((tx) => tx.put(theirs, 'b', i))
    thrownBy(() => store.transactionSync((tx) => tx.abort()))
    thrownBy(() =>
      other.transactionSync(() => {
        throw new Error('mine')
      }),
    )
    await rejectionOf(store.transaction(() => new Promise(() => {}), { timeoutMs: 5 }))
    store.transactionSync((tx) => {
      tx.get(items, 'b')
      if (tx.attempt === 1) other.transactionSync((their) => their.put(theirs, 'b', 9))
      tx.put(items, 'b', 10)
    })
    const { committed, aborted } = store.stats().transactions
    expect(committed).toBe(10)
    expect(aborted).toMatchObject({ user: 2, cancelled: 1, conflict: 1, memory: 0, locked: 0 })
    expect(other.stats().transactions).toEqual({ committed, aborted })
  })

  it('count keys and bytes as they come and go', async () => {
    const store = await openStore()
    const blobs = store.table<number, Uint8Array>('blobs', { codec: bytes })
    const empty = store.stats()
    const size = 1000
    const count = 1000
    for (let i = 0; i < count; i++) store.transactionSync((tx) => tx.put(blobs, i, new Uint8Array(size)))
    const full = store.stats()
    expect(full.keys).toBe(count)
    expect(full.usedBytes - empty.usedBytes).toBeGreaterThan(size * count)
    expect(full.usedBytes - empty.usedBytes).toBeLessThan(1.5 * size * count)
    expect(full.memoryBytes).toBeGreaterThanOrEqual(full.usedBytes)
    for (let i = 0; i < count; i++) store.transactionSync((tx) => tx.delete(blobs, i))
    for (let i = 0; i < 4; i++) store.collect()
    const after = store.stats()
    expect(after.keys).toBe(0)
    expect(after.usedBytes - empty.usedBytes).toBeLessThan(0.05 * size * count)
  })

  it('show who holds back collection, and for how long', async () => {
    const store = await openStore()
    const other = secondSite(store)
    expect(store.stats().oldest).toBeUndefined()
    const held = store.snapshot()
    await delay(20)
    const later = other.snapshot()
    const { oldest } = store.stats()
    expect(oldest?.thread).toBe(0)
    expect(oldest?.ageMs).toBeGreaterThan(15)
    expect(oldest?.ageMs).toBeLessThan(10_000)
    held.close()
    expect(store.stats().oldest?.ageMs).toBeLessThan(oldest?.ageMs ?? 0)
    later.close()
    expect(store.stats().oldest).toBeUndefined()
    const end = gate()
    const waiting = store.transaction(async () => await end.passed)
    expect(store.stats().oldest).toBeDefined()
    end.open()
    await waiting
    expect(store.stats().oldest).toBeUndefined()
  })

  it('count the attached threads', async () => {
    const store = await openStore()
    const others = [secondSite(store), secondSite(store)]
    expect(store.stats().sites).toBe(3)
    await others[0]?.close()
    expect(store.stats().sites).toBe(2)
    expect(others[1]?.stats().sites).toBe(2)
  })

  it('can be asked for inside a body', async () => {
    const store = await openStore()
    store.transactionSync(() => expect(store.stats().oldest).toBeDefined())
  })

  it('stay flat while one key is updated, and come down again when a long snapshot is closed', async () => {
    const store = await openStore()
    const items = store.table<string, Uint8Array>('items', { codec: bytes })
    const update = (times: number) => {
      for (let i = 0; i < times; i++) store.transactionSync((tx) => tx.put(items, 'a', new Uint8Array(2000)))
      store.collect()
      return store.stats().usedBytes
    }
    const before = update(100)
    expect(update(2000)).toBeLessThan(before + 100_000)
    const held = store.snapshot()
    update(1000)
    expect(held.get(items, 'a')).toHaveLength(2000)
    held.close()
    expect(update(100)).toBeLessThan(before + 100_000)
  })
})
