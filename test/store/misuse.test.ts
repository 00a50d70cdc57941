import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  AsyncBodyError,
  NestedTransactionError,
  OptionError,
  ReadOnlyError,
  type Snapshot,
  type Store,
  type Table,
  TableError,
  type Transaction,
  TransactionClosedError,
} from '../../src/index.js'
import { openStore, rejectionOf, thrownBy } from '../kit/storeRoom.js'

async function openItems(): Promise<{ store: Store; items: Table<string, number> }> {
  const store = await openStore()
  const items = store.table<string, number>('items')
  store.transactionSync((tx) => ['a', 'b', 'c'].forEach((key, i) => tx.put(items, key, i)))
  return { store, items }
}

/** Collects the unhandled rejections of one test; a runner that sees one would fail the whole file. */
function watchRejections(): unknown[] {
  const seen: unknown[] = []
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (reason) => seen.push(reason))
  onTestFinished(() => {
    process.removeAllListeners('unhandledRejection')
    for (const listener of others) process.on('unhandledRejection', listener)
  })
  return seen
}

describe('a promise from a sync body', () => {
  it('is refused by transactionSync, and nothing is committed', async () => {
    const { store, items } = await openItems()
    const rejections = watchRejections()
    let late: unknown
    const body = async (tx: Transaction) => {
      tx.put(items, 'a', 99)
      await Promise.resolve()
      late = thrownBy(() => tx.put(items, 'b', 99))
      tx.put(items, 'b', 99)
    }
    const error = thrownBy(() => store.transactionSync(body))
    expect(error).toBeInstanceOf(AsyncBodyError)
    expect(error).toMatchObject({ code: 'TIDEMARK_ASYNC_BODY', retryable: false })
    await delay(5)
    expect(late).toBeInstanceOf(TransactionClosedError)
    expect(rejections).toEqual([])
    expect(store.snapshot((tx) => tx.getValues(items).toArray())).toEqual([0, 1, 2])
  })

  it('is refused by snapshot', async () => {
    const { store, items } = await openItems()
    const rejections = watchRejections()
    const body = async (tx: Snapshot) => {
      await Promise.resolve()
      return tx.get(items, 'a')
    }
    expect(thrownBy(() => store.snapshot(body))).toBeInstanceOf(AsyncBodyError)
    await delay(5)
    expect(rejections).toEqual([])
    expect(store.stats().oldest).toBeUndefined()
  })
})

describe('a transaction inside a body', () => {
  it('is refused, whatever the two are', async () => {
    const { store, items } = await openItems()
    const inner: Record<string, () => unknown> = {
      transactionSync: () => store.transactionSync(() => 1),
      snapshot: () => store.snapshot(() => 1),
      'held snapshot': () => store.snapshot(),
      collect: () => store.collect(),
    }
    for (const start of Object.values(inner)) {
      const nested = () => expect(thrownBy(start)).toBeInstanceOf(NestedTransactionError)
      store.transactionSync(nested)
      store.snapshot(nested)
      await store.transaction(nested)
      await store.transaction(async () => nested())
    }
    expect(store.snapshot((tx) => tx.count(items))).toBe(3)
  })

  it('is refused by a rejection when it is async', async () => {
    const { store } = await openItems()
    const inner: Promise<unknown>[] = []
    const start = () => void inner.push(rejectionOf(store.transaction(() => 1)))
    store.transactionSync(start)
    store.snapshot(start)
    await store.transaction(start)
    for (const error of await Promise.all(inner)) {
      expect(error).toBeInstanceOf(NestedTransactionError)
      expect(error).toMatchObject({ code: 'TIDEMARK_NESTED_TRANSACTION' })
    }
  })

  it('undoes the outer one if its error is not handled, and leaves the store usable', async () => {
    const { store, items } = await openItems()
    const error = thrownBy(() =>
      store.transactionSync((tx) => {
        tx.put(items, 'a', 99)
        store.snapshot(() => 1)
      }),
    )
    expect(error).toBeInstanceOf(NestedTransactionError)
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(0)
  })

  it('of another store is allowed', async () => {
    const { store, items } = await openItems()
    const { store: other, items: others } = await openItems()
    store.transactionSync((tx) => {
      other.transactionSync((inner) => inner.put(others, 'a', 7))
      tx.put(items, 'a', 8)
    })
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(8)
    expect(other.snapshot((tx) => tx.get(others, 'a'))).toBe(7)
  })
})

describe('late use', () => {
  type Operation = (tx: Transaction, items: Table<string, number>) => unknown
  const operations: Record<string, Operation> = {
    get: (tx, items) => tx.get(items, 'a'),
    has: (tx, items) => tx.has(items, 'a'),
    put: (tx, items) => tx.put(items, 'a', 9),
    insert: (tx, items) => tx.insert(items, 'z', 9),
    delete: (tx, items) => tx.delete(items, 'a'),
    getRange: (tx, items) => tx.getRange(items).toArray(),
    getKeys: (tx, items) => [...tx.getKeys(items)],
    getValues: (tx, items) => [...tx.getValues(items)],
    count: (tx, items) => tx.count(items),
  }

  it.each(Object.keys(operations))('of a transaction by %s is refused', async (name) => {
    const { store, items } = await openItems()
    const leaked: Transaction[] = [
      store.transactionSync((tx) => tx),
      await store.transaction(async (tx) => tx),
    ]
    const aborting = (tx: Transaction) => {
      leaked.push(tx)
      tx.abort()
    }
    thrownBy(() => store.transactionSync(aborting))
    expect(leaked).toHaveLength(3)
    const before = store.snapshot((tx) => tx.getRange(items).toArray())
    for (const tx of leaked) {
      const error = thrownBy(() => operations[name]!(tx, items))
      expect(error).toBeInstanceOf(TransactionClosedError)
      expect(error).toMatchObject({ code: 'TIDEMARK_TRANSACTION_CLOSED' })
    }
    expect(store.snapshot((tx) => tx.getRange(items).toArray())).toEqual(before)
  })

  it('of a transaction is refused while a later one is open', async () => {
    const { store, items } = await openItems()
    const leaked = store.transactionSync((tx) => tx)
    store.transactionSync((tx) => {
      expect(thrownBy(() => leaked.put(items, 'a', 9))).toBeInstanceOf(TransactionClosedError)
      expect(tx.get(items, 'a')).toBe(0)
    })
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(0)
  })

  it('of the transaction of an earlier attempt is refused', async () => {
    const { store, items } = await openItems()
    const runs: Transaction[] = []
    await store.transaction(async (tx) => {
      runs.push(tx)
      await Promise.resolve()
      if (tx.attempt === 1) store.transactionSync((other) => other.put(items, 'a', 5))
      const [first] = runs
      if (tx !== first) expect(thrownBy(() => first?.get(items, 'a'))).toBeInstanceOf(TransactionClosedError)
      tx.put(items, 'a', (tx.get(items, 'a') ?? 0) + 1)
    })
    expect(runs).toHaveLength(2)
    expect(store.snapshot((tx) => tx.get(items, 'a'))).toBe(6)
  })

  it('of an iterator that left its body is refused', async () => {
    const { store, items } = await openItems()
    const leaks = [
      store.transactionSync((tx) => {
        const iterator = tx.getRange(items)[Symbol.iterator]()
        expect(iterator.next().value).toEqual(['a', 0])
        return iterator
      }),
      store.snapshot((tx) => {
        const iterator = tx.getKeys(items)[Symbol.iterator]()
        expect(iterator.next().value).toBe('a')
        return iterator
      }),
    ]
    for (const iterator of leaks)
      expect(thrownBy(() => iterator.next())).toBeInstanceOf(TransactionClosedError)
  })

  it('of a range that left its body unread is refused', async () => {
    const { store, items } = await openItems()
    const range = store.transactionSync((tx) => tx.getRange(items))
    expect(thrownBy(() => range.toArray())).toBeInstanceOf(TransactionClosedError)
    expect(thrownBy(() => [...range])).toBeInstanceOf(TransactionClosedError)
  })
})

describe('writes', () => {
  it('in a snapshot are refused with a ReadOnlyError that names the operation', async () => {
    const { store, items } = await openItems()
    const held = store.snapshot()
    const check = (snapshot: Snapshot) => {
      // Types keep this from being written; callers without types get the error.
      const tx = snapshot as unknown as Transaction
      const writes: Record<string, () => unknown> = {
        put: () => tx.put(items, 'a', 9),
        insert: () => tx.insert(items, 'z', 9),
        delete: () => tx.delete(items, 'a'),
      }
      for (const [name, write] of Object.entries(writes)) {
        const error = thrownBy(write)
        expect(error).toBeInstanceOf(ReadOnlyError)
        expect(error).toMatchObject({ code: 'TIDEMARK_READ_ONLY' })
        expect((error as Error).message).toContain(name)
      }
    }
    store.snapshot(check)
    check(held)
    held.close()
    expect(store.snapshot((tx) => tx.getValues(items).toArray())).toEqual([0, 1, 2])
  })
})

describe('tables', () => {
  it('of another store, or none at all, are refused, and the transaction goes on', async () => {
    const { store, items } = await openItems()
    const { items: foreign } = await openItems()
    const wrong = [foreign, { name: 'fake' }, undefined, null, 'items'] as (typeof foreign)[]
    store.transactionSync((tx) => {
      tx.put(items, 'a', 5)
      for (const table of wrong) {
        for (const use of [
          () => tx.get(table, 'a'),
          () => tx.has(table, 'a'),
          () => tx.put(table, 'a', 1),
          () => tx.insert(table, 'z', 1),
          () => tx.delete(table, 'a'),
          () => tx.count(table),
          () => tx.getRange(table).toArray(),
          () => tx.getKeys(table).toArray(),
          () => tx.getValues(table).toArray(),
        ]) {
          expect(thrownBy(use)).toBeInstanceOf(TableError)
        }
      }
    })
    expect(store.snapshot((tx) => tx.getRange(items).toArray())).toEqual([
      ['a', 5],
      ['b', 1],
      ['c', 2],
    ])
  })
})

describe('options of a transaction', () => {
  const wrong = {
    'unknown option': { retries: 3 },
    'timeoutMs 0': { timeoutMs: 0 },
    'timeoutMs NaN': { timeoutMs: Number.NaN },
    'timeoutMs a string': { timeoutMs: '5' },
    'maxRetries negative': { maxRetries: -1 },
    'maxRetries 1.5': { maxRetries: 1.5 },
    'mode unknown': { mode: 'pessimistic' },
    'signal not a signal': { signal: {} },
    'onRetry not a function': { onRetry: 5 },
    'label not a string': { label: 5 },
  }
  it.each(Object.entries(wrong))('are checked: %s', async (_, options) => {
    const { store } = await openItems()
    let runs = 0
    const errors = [
      thrownBy(() => store.transactionSync(() => runs++, options as never)),
      await rejectionOf(store.transaction(() => runs++, options as never)),
    ]
    for (const error of errors) {
      expect(error).toBeInstanceOf(OptionError)
      expect((error as OptionError).message).toContain((error as OptionError).option)
      expect(Object.keys(options)).toContain((error as OptionError).option)
    }
    expect(runs).toBe(0)
  })

  it('may be given as undefined one by one', async () => {
    const { store } = await openItems()
    const options = { signal: undefined, timeoutMs: undefined, mode: undefined } as never
    expect(store.transactionSync(() => 1, options)).toBe(1)
    expect(await store.transaction(async () => 2, options)).toBe(2)
  })
})
