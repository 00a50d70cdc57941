import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  CancelledError,
  ConflictError,
  RetryLimitError,
  type Store,
  type Table,
  TimeoutError,
  type Transaction,
} from '../../src/index.js'
import { gate, openStore, rejectionOf, secondSite, thrownBy } from '../kit/storeRoom.js'

const locking = { mode: 'locking' } as const

async function openAccounts(count = 2): Promise<{ store: Store; accounts: Table<number, number> }> {
  const store = await openStore()
  const accounts = store.table<number, number>('accounts')
  store.transactionSync((tx) => {
    for (let i = 0; i < count; i++) tx.put(accounts, i, 100)
  })
  return { store, accounts }
}

/** A transaction in locking mode that has run `touch`, and holds what it took until it is released. */
async function hold(store: Store, touch: (tx: Transaction) => void): Promise<{ release(): Promise<void> }> {
  const end = gate()
  const started = gate()
  const holder = store.transaction(async (tx) => {
    touch(tx)
    started.open()
    await end.passed
  }, locking)
  await Promise.race([started.passed, holder])
  return {
    release: async () => {
      end.open()
      await holder
    },
  }
}

describe('locking mode', () => {
  it('reads, writes, ranges and undoes as optimistic mode does', async () => {
    const { store, accounts } = await openAccounts(5)
    store.transactionSync((tx) => {
      expect(tx.get(accounts, 1)).toBe(100)
      expect(tx.has(accounts, 9)).toBe(false)
      tx.put(accounts, 1, 1)
      tx.insert(accounts, 9, 9)
      expect(tx.delete(accounts, 0)).toBe(true)
      expect(tx.delete(accounts, 77)).toBe(false)
      expect(tx.getRange(accounts, { lte: 2 }).toArray()).toEqual([
        [1, 1],
        [2, 100],
      ])
      expect(tx.getKeys(accounts, { reverse: true, limit: 2 }).toArray()).toEqual([9, 4])
    }, locking)
    const error = new Error('mine')
    const undone = () =>
      store.transactionSync((tx) => {
        tx.put(accounts, 1, 2)
        tx.delete(accounts, 9)
        tx.insert(accounts, 10, 10)
        throw error
      }, locking)
    expect(thrownBy(undone)).toBe(error)
    const entries = [
      [1, 1],
      [2, 100],
      [3, 100],
      [4, 100],
      [9, 9],
    ]
    expect(store.snapshot((tx) => tx.getRange(accounts).toArray())).toEqual(entries)
  })

  it('is not disturbed by writers of what it has read: they wait or are undone', async () => {
    const { store, accounts } = await openAccounts()
    let runs = 0
    const sum = store.transaction(async (tx) => {
      runs++
      const before = tx.getValues(accounts).toArray()
      await delay(5)
      expect(tx.getValues(accounts).toArray()).toEqual(before)
      tx.put(
        accounts,
        2,
        before.reduce((a, b) => a + b, 0),
      )
    }, locking)
    await new Promise(setImmediate)
    const writers = [0, 1, 5].map((key) => store.transaction((tx) => tx.put(accounts, key, 1)))
    await Promise.all([sum, ...writers])
    expect(runs).toBe(1)
    expect(store.snapshot((tx) => tx.getRange(accounts).toArray())).toEqual([
      [0, 1],
      [1, 1],
      [2, 200],
      [5, 1],
    ])
  })

  it('does not keep snapshots or optimistic readers waiting', async () => {
    const { store, accounts } = await openAccounts()
    const holder = await hold(store, (tx) => {
      tx.getKeys(accounts).toArray()
      tx.put(accounts, 0, 1)
    })
    const values = [100, 100]
    expect(store.snapshot((tx) => tx.getValues(accounts).toArray())).toEqual(values)
    expect(store.snapshot((tx) => tx.get(accounts, 0))).toBe(100)
    const options = { maxRetries: 0 }
    expect(store.transactionSync((tx) => tx.getValues(accounts).toArray(), options)).toEqual(values)
    expect(store.transactionSync((tx) => tx.get(accounts, 0), options)).toBe(100)
    await holder.release()
    expect(store.snapshot((tx) => tx.get(accounts, 0))).toBe(1)
  })

  it('holds what it touched until it ends, however it ends', async () => {
    const { store, accounts } = await openAccounts()
    const touches: Record<string, (tx: Transaction) => void> = {
      'a key read': (tx) => tx.get(accounts, 0),
      'a key written': (tx) => tx.put(accounts, 0, 1),
      'a key deleted': (tx) => tx.delete(accounts, 0),
      'a range read': (tx) => tx.getKeys(accounts, { lte: 1 }).toArray(),
      'a range counted': (tx) => tx.count(accounts, { lte: 1 }),
    }
    for (const [what, touch] of Object.entries(touches)) {
      const holder = await hold(store, touch)
      const write = () => store.transactionSync((tx) => tx.put(accounts, 0, 5), { ...locking, maxRetries: 0 })
      const error = thrownBy(write)
      expect([what, error]).toEqual([what, expect.any(RetryLimitError)])
      expect((error as Error).cause).toBeInstanceOf(ConflictError)
      expect((error as Error).cause).toMatchObject({ reason: 'locked' })
      await holder.release()
      write()
    }
    await rejectionOf(store.transaction(async (tx) => tx.put(accounts, 0, 1) ?? tx.abort(), locking))
    thrownBy(() => store.transactionSync((tx) => tx.put(accounts, 0, 1) ?? tx.abort(), locking))
    await rejectionOf(
      store.transaction((tx) => new Promise(() => tx.put(accounts, 0, 1)), { ...locking, timeoutMs: 5 }),
    )
    store.transactionSync((tx) => tx.put(accounts, 0, 6), { maxRetries: 0 })
    expect(store.snapshot((tx) => tx.get(accounts, 0))).toBe(6)
  })

  it('keeps phantoms out of a range it has read, and out of an absence it has seen', async () => {
    const { store, accounts } = await openAccounts()
    const touches: ((tx: Transaction) => unknown)[] = [
      (tx) => tx.getKeys(accounts).toArray(),
      (tx) => tx.get(accounts, 1.5),
      (tx) => tx.has(accounts, 1.5),
      (tx) => tx.delete(accounts, 1.5),
    ]
    for (const touch of touches) {
      const holder = await hold(store, (tx) => void touch(tx))
      for (const mode of ['optimistic', 'locking'] as const) {
        const insert = () =>
          store.transactionSync((tx) => tx.insert(accounts, 1.5, 1), { mode, maxRetries: 0 })
        expect(thrownBy(insert)).toMatchObject({ cause: { reason: 'locked' } })
      }
      await holder.release()
    }
    store.transactionSync((tx) => tx.insert(accounts, 1.5, 1))
  })

  it('fails a sync transaction that meets a lock of its own thread in bounded time, as nobody could let it go', async () => {
    const { store, accounts } = await openAccounts()
    const holder = await hold(store, (tx) => tx.put(accounts, 0, 1))
    const started = performance.now()
    const error = thrownBy(() => store.transactionSync((tx) => tx.put(accounts, 0, 2), { maxRetries: 20 }))
    expect(error).toMatchObject({ attempts: 21, cause: { reason: 'locked' } })
    expect(performance.now() - started).toBeLessThan(3000)
    await holder.release()
    expect(store.snapshot((tx) => tx.get(accounts, 0))).toBe(1)
  })

  it('lets those who are locked out end by their timeoutMs or their signal', async () => {
    const { store, accounts } = await openAccounts()
    const holder = await hold(store, (tx) => tx.put(accounts, 0, 1))
    const started = performance.now()
    const body = (tx: Transaction) => tx.put(accounts, 0, 2)
    const limits = { timeoutMs: 60, maxRetries: Number.POSITIVE_INFINITY }
    expect(await rejectionOf(store.transaction(body, limits))).toBeInstanceOf(TimeoutError)
    expect(thrownBy(() => store.transactionSync(body, limits))).toBeInstanceOf(TimeoutError)
    const signal = AbortSignal.timeout(60)
    const cancelled = store.transaction(body, { signal, maxRetries: Number.POSITIVE_INFINITY })
    expect(await rejectionOf(cancelled)).toBeInstanceOf(CancelledError)
    expect(performance.now() - started).toBeLessThan(3000)
    await holder.release()
    expect(store.snapshot((tx) => tx.get(accounts, 0))).toBe(1)
  })

  it('is taken up after conflicts: a body that is always interfered with gets through', async () => {
    const { store, accounts } = await openAccounts()
    const other = secondSite(store)
    const theirs = other.table<number, number>('accounts')
    let refused = 0
    const interfere = () => {
      try {
        other.transactionSync((tx) => tx.put(theirs, 0, (tx.get(theirs, 0) ?? 0) + 1), { maxRetries: 0 })
      } catch (error) {
        expect(error).toBeInstanceOf(RetryLimitError)
        refused++
      }
    }
    const body = (tx: Transaction): number => {
      const balance = tx.get(accounts, 0) ?? 0
      interfere()
      tx.put(accounts, 0, balance * 2)
      return tx.attempt
    }
    expect(thrownBy(() => store.transactionSync(body, { maxRetries: 2 }))).toBeInstanceOf(RetryLimitError)
    expect(refused).toBe(0)
    const attempts = store.transactionSync(body)
    expect(attempts).toBeGreaterThan(1)
    expect(attempts).toBeLessThan(10)
    expect(refused).toBe(1)
    const interferences = 3 + attempts - 1
    expect(store.snapshot((tx) => tx.get(accounts, 0))).toBe(2 * (100 + interferences))
  })
})

describe('async bodies in locking mode on one thread', () => {
  it('that all want one key do finish, and lose no update', async () => {
    const { store, accounts } = await openAccounts()
    const bodies = Array.from({ length: 12 }, () =>
      store.transaction(async (tx) => {
        const balance = tx.get(accounts, 0) ?? 0
        await delay(1)
        tx.put(accounts, 0, balance + 1)
      }, locking),
    )
    await Promise.all(bodies)
    expect(store.snapshot((tx) => tx.get(accounts, 0))).toBe(112)
  })

  it('that hold what others want for long do finish', async () => {
    const { store, accounts } = await openAccounts()
    const bodies = Array.from({ length: 4 }, () =>
      store.transaction(async (tx) => {
        const balance = tx.get(accounts, 0) ?? 0
        await delay(400)
        tx.put(accounts, 0, balance + 1)
      }, locking),
    )
    await Promise.all(bodies)
    expect(store.snapshot((tx) => tx.get(accounts, 0))).toBe(104)
  })

  it('that take keys in opposite orders do finish', async () => {
    const { store, accounts } = await openAccounts()
    const transfer = (from: number, to: number) =>
      store.transaction(async (tx) => {
        tx.put(accounts, from, (tx.get(accounts, from) ?? 0) - 1)
        await delay(1)
        tx.put(accounts, to, (tx.get(accounts, to) ?? 0) + 1)
      }, locking)
    await Promise.all(Array.from({ length: 10 }, (_, i) => transfer(i % 2, 1 - (i % 2))))
    expect(store.snapshot((tx) => tx.getValues(accounts).toArray())).toEqual([100, 100])
  })

  it('that read a range and insert into it do finish, each on a state of its own', async () => {
    const { store, accounts } = await openAccounts(0)
    await Promise.all(
      Array.from({ length: 8 }, () =>
        store.transaction(async (tx) => {
          const size = tx.count(accounts)
          await delay(1)
          tx.insert(accounts, size, size)
        }, locking),
      ),
    )
    expect(store.snapshot((tx) => tx.getKeys(accounts).toArray())).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })
})
