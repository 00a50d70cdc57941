import { RetryLimitError, type Store, type Table, type TransactionOptions } from 'tidemark'
import { describe, expect, it } from 'vitest'
import { type Control, control, openShared, StoreThread } from '../kit/storeThread.js'

const keys = 50
/** For so long a body waits for the writers; in locking mode it does so in vain, as it keeps them out. */
const patienceMs = 30

/** Reads and writes every hot key, and takes so long that each is written meanwhile, if that can be. */
function addToAll(
  store: Store,
  numbers: Table<number, number>,
  hot: Control,
  options?: TransactionOptions,
): number {
  return store.transactionSync((tx) => {
    for (let i = 0; i < keys; i++) tx.put(numbers, i, (tx.get(numbers, i) ?? 0) + 1)
    const enough = hot.writes + 2 * keys
    const until = performance.now() + patienceMs
    while (hot.writes < enough && performance.now() < until);
    return tx.attempt
  }, options)
}

describe('a long transaction over keys that another thread keeps writing', () => {
  it('starves without locking mode, and commits in bounded time with it', async () => {
    const store = await openShared()
    const numbers = store.table<number, number>('numbers')
    store.transactionSync((tx) => {
      for (let i = 0; i < keys; i++) tx.put(numbers, i, 0)
    })
    const hot = control()
    const thread = new StoreThread()
    await thread.ask('attach')
    const writing = thread.ask<number>('hammer', { control: hot.words, keys })
    hot.go()
    while (hot.writes < keys) await new Promise(setImmediate)

    // Three attempts, all of them before locking mode would be taken up.
    for (let i = 0; i < 3; i++)
      expect(() => addToAll(store, numbers, hot, { maxRetries: 2 })).toThrow(RetryLimitError)

    const started = performance.now()
    const before = hot.writes
    const attempts = Array.from({ length: 10 }, () => addToAll(store, numbers, hot))
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(Math.max(...attempts)).toBeGreaterThan(1)
    expect(Math.max(...attempts)).toBeLessThan(50)
    expect(hot.writes - before).toBeGreaterThan(keys)

    hot.stop()
    const writes = await writing
    const sum = store.snapshot((tx) =>
      tx
        .getValues(numbers)
        .toArray()
        .reduce((a, b) => a + b, 0),
    )
    expect(sum).toBe(writes + 10 * keys)
  })
})
