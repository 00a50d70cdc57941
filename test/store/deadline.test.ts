import { getEventListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CancelledError, type Store, type Table, TimeoutError, type Transaction } from '../../src/index.js'
import { gate, openStore, rejectionOf, secondSite, thrownBy } from '../kit/storeRoom.js'

async function openItems(): Promise<{ store: Store; items: Table<string, number> }> {
  const store = await openStore()
  return { store, items: store.table<string, number>('items') }
}

/** Makes every optimistic attempt of `body` fail. */
function alwaysConflicting(store: Store, items: Table<string, number>): (tx: Transaction) => void {
  const other = secondSite(store)
  const theirs = other.table<string, number>('items')
  return (tx) => {
    tx.get(items, 'n')
    other.transactionSync((interferer) => interferer.put(theirs, 'n', 1), { maxRetries: 0 })
    tx.put(items, 'n', 2)
  }
}

const never = new Promise<never>(() => {})

describe('timeoutMs', () => {
  it('ends a body that hangs, and undoes it', async () => {
    const { store, items } = await openItems()
    const started = performance.now()
    const error = await rejectionOf(
      store.transaction(
        async (tx) => {
          tx.put(items, 'a', 1)
          await never
        },
        { timeoutMs: 40, label: 'slow' },
      ),
    )
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ timeoutMs: 40, code: 'TIDEMARK_TIMEOUT', retryable: true })
    expect((error as Error).message).toContain("'slow'")
    expect(performance.now() - started).toBeGreaterThanOrEqual(35)
    expect(performance.now() - started).toBeLessThan(2000)
    expect(store.snapshot((tx) => tx.has(items, 'a'))).toBe(false)
    expect(store.stats()).toMatchObject({ oldest: undefined, transactions: { aborted: { cancelled: 1 } } })
  })

  it('leaves what a body does afterwards without effect and without an unhandled rejection', async () => {
    const { store, items } = await openItems()
    const end = gate()
    let late: unknown
    const waiting = store.transaction(
      async (tx) => {
        await end.passed
        late = thrownBy(() => tx.put(items, 'a', 1))
        throw new Error('nobody listens')
      },
      { timeoutMs: 20 },
    )
    expect(await rejectionOf(waiting)).toBeInstanceOf(TimeoutError)
    end.open()
    await delay(1)
    expect(late).toMatchObject({ code: 'TIDEMARK_TRANSACTION_CLOSED' })
    expect(store.snapshot((tx) => tx.has(items, 'a'))).toBe(false)
  })

  it('counts all attempts together', async () => {
    const { store, items } = await openItems()
    const conflict = alwaysConflicting(store, items)
    let attempts = 0
    const body = (tx: Transaction) => {
      attempts = tx.attempt
      conflict(tx)
      const until = performance.now() + 35
      while (performance.now() < until);
    }
    const options = { timeoutMs: 60 }
    expect(thrownBy(() => store.transactionSync(body, options))).toBeInstanceOf(TimeoutError)
    expect(attempts).toBeLessThanOrEqual(2)
    expect(await rejectionOf(store.transaction(body, options))).toBeInstanceOf(TimeoutError)
    expect(attempts).toBeLessThanOrEqual(2)
  })

  it('gives the time that is left to an async body that is run again', async () => {
    const { store, items } = await openItems()
    const conflict = alwaysConflicting(store, items)
    const started = performance.now()
    const body = async (tx: Transaction) => {
      await delay(30)
      if (tx.attempt > 1) await never
      conflict(tx)
    }
    expect(await rejectionOf(store.transaction(body, { timeoutMs: 60 }))).toBeInstanceOf(TimeoutError)
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it('of Infinity is no limit, and none keeps a timer when the body has ended', async () => {
    const { store, items } = await openItems()
    const before = timerCount()
    await store.transaction(async (tx) => tx.put(items, 'a', 1), { timeoutMs: Number.POSITIVE_INFINITY })
    await store.transaction(async (tx) => tx.put(items, 'a', 2), { timeoutMs: 2 ** 40 })
    await rejectionOf(store.transaction(async (tx) => tx.abort()))
    expect(timerCount()).toBe(before)
  })
})

function timerCount(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

describe('an AbortSignal', () => {
  it('that is aborted already keeps the body from running, with its reason as cause', async () => {
    const { store } = await openItems()
    const reason = new Error('shut down')
    const signal = AbortSignal.abort(reason)
    let runs = 0
    const body = () => runs++
    const errors = [
      thrownBy(() => store.transactionSync(body, { signal, label: 'never' })),
      await rejectionOf(store.transaction(body, { signal, label: 'never' })),
    ]
    for (const error of errors) {
      expect(error).toBeInstanceOf(CancelledError)
      expect(error).toMatchObject({ cause: reason, code: 'TIDEMARK_CANCELLED', retryable: false })
      expect((error as Error).message).toContain("'never'")
    }
    expect(runs).toBe(0)
  })

  it('ends a body that waits', async () => {
    const { store, items } = await openItems()
    const controller = new AbortController()
    const waiting = store.transaction(
      async (tx) => {
        tx.put(items, 'a', 1)
        await never
      },
      { signal: controller.signal },
    )
    await new Promise(setImmediate)
    controller.abort('too late')
    const error = await rejectionOf(waiting)
    expect(error).toBeInstanceOf(CancelledError)
    expect((error as Error).cause).toBe('too late')
    expect(store.snapshot((tx) => tx.has(items, 'a'))).toBe(false)
    expect(store.stats().oldest).toBeUndefined()
  })

  it('ends an async body that aborts it itself', async () => {
    const { store, items } = await openItems()
    const controller = new AbortController()
    const waiting = store.transaction(
      async (tx) => {
        tx.put(items, 'a', 1)
        controller.abort('by itself')
      },
      { signal: controller.signal },
    )
    expect(await rejectionOf(waiting)).toBeInstanceOf(CancelledError)
    expect(store.snapshot((tx) => tx.has(items, 'a'))).toBe(false)
  })

  it('ends a transaction between two attempts', async () => {
    const { store, items } = await openItems()
    const conflict = alwaysConflicting(store, items)
    for (const run of ['sync', 'async'] as const) {
      const controller = new AbortController()
      let runs = 0
      const body = (tx: Transaction) => {
        runs++
        conflict(tx)
        controller.abort('between')
      }
      const { signal } = controller
      const error =
        run === 'sync'
          ? thrownBy(() => store.transactionSync(body, { signal }))
          : await rejectionOf(store.transaction(body, { signal }))
      expect(error).toBeInstanceOf(CancelledError)
      expect(runs).toBe(1)
    }
  })

  it('that is aborted afterwards changes nothing', async () => {
    const { store, items } = await openItems()
    const controller = new AbortController()
    await store.transaction(async (tx) => tx.put(items, 'a', 1), { signal: controller.signal })
    controller.abort()
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(1)
  })

  it('keeps no listener when the transaction is over, however it ended', async () => {
    const { store, items } = await openItems()
    const { signal } = new AbortController()
    const conflict = alwaysConflicting(store, items)
    const listeners: number[] = []
    await store.transaction(
      async (tx) => {
        await Promise.resolve()
        listeners.push(getEventListeners(signal, 'abort').length)
        if (tx.attempt < 3) conflict(tx)
      },
      { signal },
    )
    await rejectionOf(store.transaction(async (tx) => tx.abort(), { signal }))
    await rejectionOf(store.transaction(() => never, { signal, timeoutMs: 10 }))
    await store.transaction(() => 1, { signal })
    expect(listeners).toEqual([1, 1, 1])
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})
