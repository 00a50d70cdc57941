import { describe, expect, it, vi } from 'vitest'
import { ConflictError, RetryLimitError, type Store, type Table, type Transaction } from '../../src/index.js'
import { gate, openStore, rejectionOf, secondSite, thrownBy } from '../kit/storeRoom.js'

interface Scene {
  readonly store: Store
  readonly counters: Table<string, number>
  /** Adds to the counter, behind the back of whoever has read it. */
  readonly interfere: () => void
}

async function openScene(): Promise<Scene> {
  const store = await openStore()
  const counters = store.table<string, number>('counters')
  store.transactionSync((tx) => tx.put(counters, 'n', 0))
  const other = secondSite(store)
  const theirs = other.table<string, number>('counters')
  const interfere = () =>
    other.transactionSync((tx) => tx.put(theirs, 'n', (tx.get(theirs, 'n') ?? 0) + 100), { maxRetries: 0 })
  return { store, counters, interfere }
}

function add(tx: Transaction, counters: Table<string, number>, meanwhile: () => void): number {
  const n = tx.get(counters, 'n') ?? 0
  meanwhile()
  tx.put(counters, 'n', n + 1)
  return n + 1
}

describe('after a conflict', () => {
  it('runs the body again on the new state, with a fresh tx and the next attempt number', async () => {
    const { store, counters, interfere } = await openScene()
    const seen: Transaction[] = []
    const attempts: number[] = []
    const body = (tx: Transaction) => {
      seen.push(tx)
      attempts.push(tx.attempt)
      return add(tx, counters, () => tx.attempt < 3 && interfere())
    }
    expect(store.transactionSync(body)).toBe(201)
    expect(await store.transaction(body)).toBe(402)
    expect(await store.transaction(async (tx) => body(tx))).toBe(603)
    expect(attempts).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3])
    expect(new Set(seen).size).toBe(9)
    expect(store.stats().transactions.aborted.conflict).toBe(6)
  })

  it('undoes what the first run wrote', async () => {
    const { store, counters, interfere } = await openScene()
    store.transactionSync((tx) => {
      tx.put(counters, `run ${tx.attempt}`, 1)
      add(tx, counters, () => tx.attempt < 3 && interfere())
    })
    const keys = store.snapshot((tx) => tx.getKeys(counters, { gte: 'run' }).toArray())
    expect(keys).toEqual(['run 3'])
  })

  it('calls onRetry before each later run, with its number and the reason', async () => {
    const { store, counters, interfere } = await openScene()
    const onRetry = vi.fn<(retry: { attempt: number; reason: string }) => void>()
    const body = (tx: Transaction) => add(tx, counters, () => tx.attempt < 3 && interfere())
    store.transactionSync(body, { onRetry })
    expect(onRetry.mock.calls).toEqual([
      [{ attempt: 2, reason: 'conflict' }],
      [{ attempt: 3, reason: 'conflict' }],
    ])
    onRetry.mockClear()
    await store.transaction(body, { onRetry })
    expect(onRetry).toHaveBeenCalledTimes(2)
    onRetry.mockClear()
    await store.transaction(() => 1, { onRetry })
    expect(onRetry).not.toHaveBeenCalled()
  })

  it('gives up with the error that onRetry throws', async () => {
    const { store, counters, interfere } = await openScene()
    const error = new Error('enough')
    const options = {
      onRetry: () => {
        throw error
      },
    }
    const body = (tx: Transaction) => add(tx, counters, interfere)
    expect(thrownBy(() => store.transactionSync(body, options))).toBe(error)
    expect(await rejectionOf(store.transaction(body, options))).toBe(error)
    expect(store.snapshot((tx) => tx.get(counters, 'n'))).toBe(200)
  })

  it('lets onRetry use the store', async () => {
    const { store, counters, interfere } = await openScene()
    const seen: unknown[] = []
    const options = { onRetry: () => seen.push(store.snapshot((tx) => tx.get(counters, 'n'))) }
    const body = (tx: Transaction) => add(tx, counters, () => tx.attempt === 1 && interfere())
    store.transactionSync(body, options)
    await store.transaction(body, options)
    expect(seen).toEqual([100, 201])
  })

  it('tells a phantom, a key that came into a range that was read, as the reason range', async () => {
    const { store, counters } = await openScene()
    const reasons: string[] = []
    await store.transaction(
      async (tx) => {
        await Promise.resolve()
        if (tx.attempt === 1) store.snapshot((later) => later.count(counters))
        tx.insert(counters, 'new', 1)
      },
      { onRetry: ({ reason }) => reasons.push(reason) },
    )
    expect(reasons).toEqual(['range'])
  })
})

describe('maxRetries', () => {
  it('ends in a RetryLimitError that counts the attempts and has the conflict as cause', async () => {
    const { store, counters, interfere } = await openScene()
    const body = (tx: Transaction) => add(tx, counters, interfere)
    const options = { maxRetries: 2, label: 'add one' }
    const errors = [
      thrownBy(() => store.transactionSync(body, options)),
      await rejectionOf(store.transaction(body, options)),
      await rejectionOf(store.transaction(async (tx) => body(tx), options)),
    ]
    for (const error of errors) {
      expect(error).toBeInstanceOf(RetryLimitError)
      expect(error).toMatchObject({ attempts: 3, code: 'TIDEMARK_RETRY_LIMIT', retryable: true })
      expect((error as Error).message).toContain("'add one'")
      const { cause } = error as RetryLimitError
      expect(cause).toBeInstanceOf(ConflictError)
      expect(cause).toMatchObject({ reason: 'conflict', code: 'TIDEMARK_CONFLICT' })
    }
    expect(store.snapshot((tx) => tx.get(counters, 'n'))).toBe(900)
  })

  it('of 0 allows one run', async () => {
    const { store, counters, interfere } = await openScene()
    let runs = 0
    const body = (tx: Transaction) => {
      runs++
      return add(tx, counters, interfere)
    }
    const error = thrownBy(() => store.transactionSync(body, { maxRetries: 0 }))
    expect(error).toMatchObject({ attempts: 1 })
    expect(runs).toBe(1)
  })

  it('of Infinity is allowed', async () => {
    const { store, counters, interfere } = await openScene()
    const body = (tx: Transaction) => add(tx, counters, () => tx.attempt < 3 && interfere())
    expect(store.transactionSync(body, { maxRetries: Number.POSITIVE_INFINITY })).toBe(201)
  })
})

describe('a body that swallows a conflict', () => {
  it('does not commit: it is run again', async () => {
    const { store, counters } = await openScene()
    const hold = await holdByLock(store, counters)
    const runs: unknown[] = []
    const blind = store.transaction(
      async (tx) => {
        let error: unknown
        try {
          tx.put(counters, 'n', 5)
        } catch (caught) {
          error = caught
        }
        runs.push(error)
        tx.put(counters, 'after', tx.attempt)
        if (tx.attempt === 2) await hold.release()
      },
      { mode: 'locking' },
    )
    await blind
    expect(runs[0]).toBeInstanceOf(ConflictError)
    expect(runs.at(-1)).toBeUndefined()
    store.snapshot((tx) => {
      expect(tx.get(counters, 'n')).toBe(5)
      expect(tx.get(counters, 'after')).toBe(runs.length)
      expect(runs.length).toBeGreaterThan(1)
    })
  })

  const reads: Record<string, (tx: Transaction, table: Table<string, number>) => unknown> = {
    get: (tx, table) => tx.get(table, 'n'),
    has: (tx, table) => tx.has(table, 'n'),
    delete: (tx, table) => tx.delete(table, 'n'),
    insert: (tx, table) => tx.insert(table, 'n', 5),
    toArray: (tx, table) => tx.getRange(table).toArray(),
    iteration: (tx, table) => [...tx.getKeys(table)],
    values: (tx, table) => [...tx.getValues(table, { reverse: true })],
    count: (tx, table) => tx.count(table),
  }
  it.each(Object.keys(reads))('does not commit when it came from %s', async (operation) => {
    const { store, counters } = await openScene()
    const hold = await holdByLock(store, counters)
    const swallowing = (tx: Transaction) => {
      let caught: unknown
      try {
        reads[operation]!(tx, counters)
      } catch (error) {
        caught = error
      }
      expect(caught).toBeInstanceOf(ConflictError)
      tx.put(counters, 'after', 1)
    }
    const options = { mode: 'locking', maxRetries: 1 } as const
    expect(thrownBy(() => store.transactionSync(swallowing, options))).toBeInstanceOf(RetryLimitError)
    await hold.release()
    expect(store.snapshot((tx) => tx.has(counters, 'after'))).toBe(false)
  })

  it('is run again too if it throws an error of its own instead', async () => {
    const { store, counters } = await openScene()
    const hold = await holdByLock(store, counters)
    let runs = 0
    await store.transaction(
      async (tx) => {
        runs++
        try {
          tx.get(counters, 'n')
        } catch {
          await hold.release()
          throw new Error('hides the conflict')
        }
      },
      { mode: 'locking' },
    )
    expect(runs).toBe(2)
  })
})

/** Another transaction of this thread that holds the counter until it is released. */
async function holdByLock(
  store: Store,
  counters: Table<string, number>,
): Promise<{ release(): Promise<void> }> {
  const end = gate()
  const holder = store.transaction(
    async (tx) => {
      tx.put(counters, 'n', 1)
      await end.passed
    },
    { mode: 'locking' },
  )
  await new Promise(setImmediate)
  return {
    release: async () => {
      end.open()
      await holder
    },
  }
}
