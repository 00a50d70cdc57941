import { describe, expect, it } from 'vitest'
import { control, openShared, StoreThread } from '../kit/storeThread.js'

describe('two threads, half of their transactions in locking mode', () => {
  it('move money between accounts, and the total is always the same', async () => {
    const store = await openShared()
    const accounts = store.table<number, number>('accounts')
    const count = 12
    store.transactionSync((tx) => {
      for (let i = 0; i < count; i++) tx.put(accounts, i, 100)
    })
    const { words, go } = control()
    const threads = [new StoreThread(), new StoreThread()]
    for (const thread of threads) await thread.ask('attach')
    const work = threads.map((thread, i) =>
      thread.ask<number>('bank', {
        control: words,
        seed: 17 + i,
        transfers: 1500,
        accounts: count,
        total: 100 * count,
      }),
    )
    go()
    expect(await Promise.all(work)).toEqual([150, 150])
    const total = store.snapshot((tx) =>
      tx
        .getValues(accounts)
        .toArray()
        .reduce((a, b) => a + b, 0),
    )
    expect(total).toBe(100 * count)
    expect(store.stats().oldest).toBeUndefined()
  })

  it.each(['optimistic', 'locking', 'mixed'])('allow no write skew: %s', async (mode) => {
    const store = await openShared()
    const doctors = store.table<string, boolean>('doctors')
    store.transactionSync((tx) => ['anna', 'ben'].forEach((name) => tx.put(doctors, name, true)))
    const { words, go } = control()
    const threads = [new StoreThread(), new StoreThread()]
    for (const thread of threads) await thread.ask('attach')
    const [anna, ben] = threads.map((thread, i) =>
      thread.ask<number>('duty', { control: words, name: ['anna', 'ben'][i], rounds: 600, mode }),
    )
    go()
    expect(await anna).toBeGreaterThan(0)
    expect(await ben).toBeGreaterThan(0)
    expect(store.snapshot((tx) => tx.getValues(doctors).toArray())).toEqual([true, true])
  })
})

describe('two threads that lock two keys in opposite orders', () => {
  it('finish: a deadlock undoes one side, which tries again', async () => {
    const store = await openShared()
    const numbers = store.table<string, number>('numbers')
    store.transactionSync((tx) => ['a', 'b'].forEach((key) => tx.put(numbers, key, 0)))
    const { words, go } = control()
    const rounds = 500
    const threads = [new StoreThread(), new StoreThread()]
    for (const thread of threads) await thread.ask('attach')
    const work = threads.map((thread, i) =>
      thread.ask<number>('cross', { control: words, keys: i === 0 ? ['a', 'b'] : ['b', 'a'], rounds }),
    )
    go()
    const attempts = await Promise.all(work)
    expect(store.snapshot((tx) => tx.getValues(numbers).toArray())).toEqual([2 * rounds, 2 * rounds])
    // They did meet: otherwise this shows nothing.
    expect(attempts[0]! + attempts[1]!).toBeGreaterThan(2 * rounds)
    expect(store.stats().transactions.aborted.locked).toBeGreaterThan(0)
  })
})
