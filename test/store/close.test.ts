import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  attach,
  NestedTransactionError,
  open,
  type Store,
  StoreClosedError,
  StoreNotFoundError,
  type Transaction,
} from '../../src/index.js'
import { gate, openStore, rejectionOf, secondSite, thrownBy } from '../kit/storeRoom.js'

const never = new Promise<never>(() => {})

describe('close', () => {
  it('makes every later use fail with StoreClosedError', async () => {
    const store = await openStore({ name: 'shut' })
    const items = store.table('items')
    expect(store.status).toBe('open')
    await store.close()
    expect(store.status).toBe('closed')
    const uses: Record<string, () => unknown> = {
      table: () => store.table('items'),
      'a new table': () => store.table('others'),
      transactionSync: () => store.transactionSync((tx) => tx.put(items, 'a', 1)),
      snapshot: () => store.snapshot(() => 1),
      'held snapshot': () => store.snapshot(),
      stats: () => store.stats(),
      collect: () => store.collect(),
    }
    for (const [name, use] of Object.entries(uses)) {
      const error = thrownBy(use)
      expect([name, error]).toEqual([name, expect.any(StoreClosedError)])
      expect(error).toMatchObject({ code: 'TIDEMARK_STORE_CLOSED' })
      expect((error as Error).message).toContain("'shut'")
    }
    expect(await rejectionOf(store.transaction(() => 1))).toBeInstanceOf(StoreClosedError)
  })

  it('can be called again, and at the same time', async () => {
    const store = await openStore()
    await Promise.all([store.close(), store.close()])
    await store.close()
    expect(store.status).toBe('closed')
  })

  it('is what asyncDispose does', async () => {
    const store = await openStore()
    await store[Symbol.asyncDispose]()
    expect(store.status).toBe('closed')
    let scoped: Store
    {
      await using inner = await open({ name: 'scoped', memoryLimitBytes: 2 ** 22 })
      scoped = inner
      expect(inner.status).toBe('open')
    }
    expect(scoped.status).toBe('closed')
  })

  it('lets attach no longer find the store', async () => {
    const store = await openStore({ name: 'gone' })
    await store.close()
    expect(await rejectionOf(attach('gone'))).toBeInstanceOf(StoreNotFoundError)
    expect(await rejectionOf(attach())).toBeInstanceOf(StoreNotFoundError)
  })

  it('rejects async bodies that are under way, and leaves them without effect', async () => {
    const store = await openStore()
    const items = store.table<string, number>('items')
    const end = gate()
    let late: unknown
    const bodies = [
      store.transaction(() => never),
      store.transaction(
        async (tx) => {
          tx.put(items, 'a', 1)
          await end.passed
          late = thrownBy(() => tx.put(items, 'b', 1))
        },
        { mode: 'locking' },
      ),
    ]
    const errors = Promise.all(bodies.map(rejectionOf))
    await store.close()
    for (const error of await errors) expect(error).toBeInstanceOf(StoreClosedError)
    end.open()
    await delay(1)
    expect(late).toMatchObject({ code: 'TIDEMARK_TRANSACTION_CLOSED' })
  })

  it('rejects an async body that ends in the same moment', async () => {
    const store = await openStore()
    const waiting = rejectionOf(
      store.transaction(async (tx) => {
        tx.put(store.table('items'), 'a', 1)
        await Promise.resolve()
        void store.close()
      }),
    )
    expect(await waiting).toBeInstanceOf(StoreClosedError)
  })

  it('ends held snapshots and their iterators', async () => {
    const store = await openStore()
    const items = store.table<string, number>('items')
    store.transactionSync((tx) => ['a', 'b'].forEach((key) => tx.put(items, key, 1)))
    const held = store.snapshot()
    const iterator = held.getRange(items)[Symbol.iterator]()
    iterator.next()
    await store.close()
    for (const use of [() => held.get(items, 'a'), () => iterator.next()])
      expect(thrownBy(use)).toMatchObject({ code: expect.stringMatching(/CLOSED$/) })
    held.close()
  })

  it('rejects a transaction that waits between two attempts, and runs its body no more', async () => {
    const store = await openStore()
    const items = store.table<string, number>('items')
    const holder = rejectionOf(
      store.transaction(async (tx) => (tx.put(items, 'a', 1), await never), { mode: 'locking' }),
    )
    let runs = 0
    const locked = rejectionOf(
      store.transaction(
        (tx: Transaction) => {
          runs++
          tx.put(items, 'a', 2)
        },
        { mode: 'locking' },
      ),
    )
    await new Promise(setImmediate)
    const runsBefore = runs
    await store.close()
    expect(await holder).toBeInstanceOf(StoreClosedError)
    expect(await locked).toBeInstanceOf(StoreClosedError)
    expect(runs).toBe(runsBefore)
  })

  it('in a thread that only attached does the same', async () => {
    const opener = await openStore()
    const store = secondSite(opener)
    const items = store.table<string, number>('items')
    const holder = rejectionOf(
      store.transaction(async (tx) => (tx.put(items, 'a', 1), await never), { mode: 'locking' }),
    )
    const locked = rejectionOf(store.transaction((tx) => tx.put(items, 'a', 2), { mode: 'locking' }))
    await new Promise(setImmediate)
    await store.close()
    expect(await holder).toBeInstanceOf(StoreClosedError)
    expect(await locked).toBeInstanceOf(StoreClosedError)
    expect(opener.snapshot((tx) => tx.has(opener.table('items'), 'a'))).toBe(false)
    expect(opener.stats()).toMatchObject({ sites: 1, oldest: undefined })
  })

  it('inside a sync body is refused, and the store stays open', async () => {
    const store = await openStore()
    const items = store.table<string, number>('items')
    const closing: Promise<unknown>[] = []
    store.transactionSync((tx) => {
      closing.push(rejectionOf(store.close()))
      tx.put(items, 'a', 1)
    })
    store.snapshot(() => void closing.push(rejectionOf(store.close())))
    for (const error of await Promise.all(closing)) expect(error).toBeInstanceOf(NestedTransactionError)
    expect(store.status).toBe('open')
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(1)
  })
})
