import { attach, open, StoreNotFoundError } from 'tidemark'
import { describe, expect, it } from 'vitest'
import { openShared, StoreThread } from '../kit/storeThread.js'

async function rejected(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return await promise.then(
    () => {
      throw new Error('expected a rejection')
    },
    (error: Error) => error,
  )
}

describe('attach', () => {
  it('without argument finds the only store in a worker, with the same data', async () => {
    const store = await openShared()
    const items = store.table<string, number>('items')
    await store.transaction((tx) => tx.put(items, 'a', 1))
    const thread = new StoreThread()
    expect(await thread.ask('attach')).toMatchObject({ name: store.name, status: 'open' })
    expect(await thread.ask('get', 'items', 'a')).toBe(1)
    await thread.ask('put', 'items', 'b', 2)
    expect(store.snapshot((tx) => tx.get(items, 'b'))).toBe(2)
    expect(store.stats().sites).toBe(2)
  })

  it('without argument finds it in a worker of a worker', async () => {
    const store = await openShared()
    await store.transaction((tx) => tx.put(store.table('items'), 'a', 'nested'))
    const thread = new StoreThread()
    expect(await thread.ask('nested', 'items', 'a')).toBe('nested')
  })

  it('in the thread that opened the store gives that store', async () => {
    const store = await openShared()
    expect(await attach()).toBe(store)
    expect(await attach(store.name)).toBe(store)
    expect(await attach(store.handle)).toBe(store)
    expect(store.stats().sites).toBe(1)
  })

  it('twice in a worker is one site', async () => {
    const store = await openShared()
    const thread = new StoreThread()
    await thread.ask('attach')
    await thread.ask('attach', store.name)
    expect(store.stats().sites).toBe(2)
  })

  it('by handle works in a worker that was started before the store was opened', async () => {
    const thread = new StoreThread()
    expect(await rejected(thread.ask('attach'))).toMatchObject({
      name: 'StoreNotFoundError',
      code: 'TIDEMARK_STORE_NOT_FOUND',
    })
    const store = await openShared()
    await store.transaction((tx) => tx.put(store.table('items'), 'a', 3))
    expect(await thread.ask('attach', store.handle)).toMatchObject({ name: store.name })
    expect(await thread.ask('get', 'items', 'a')).toBe(3)
  })

  it('by handle works for a store that a worker opened', async () => {
    const thread = new StoreThread()
    const { handle } = await thread.ask<{ handle: Parameters<typeof attach>[0] }>('open', {
      name: 'of the worker',
      memoryLimitBytes: 2 ** 22,
    })
    await thread.ask('put', 'items', 'a', 4)
    const store = await attach(handle)
    expect(store.snapshot((tx) => tx.get(store.table('items'), 'a'))).toBe(4)
    await store.close()
  })

  it('by name chooses among several stores; without it the error names them', async () => {
    const first = await openShared({ name: 'first' })
    const second = await openShared({ name: 'second' })
    await first.transaction((tx) => tx.put(first.table('items'), 'a', 'in first'))
    await second.transaction((tx) => tx.put(second.table('items'), 'a', 'in second'))
    const thread = new StoreThread()
    const error = await rejected(thread.ask('attach'))
    expect(error).toMatchObject({ name: 'StoreNotFoundError', code: 'TIDEMARK_STORE_NOT_FOUND' })
    expect(error.message).toContain("'first'")
    expect(error.message).toContain("'second'")
    await thread.ask('attach', 'second')
    expect(await thread.ask('get', 'items', 'a')).toBe('in second')
    await thread.ask('attach', 'first')
    expect(await thread.ask('get', 'items', 'a')).toBe('in first')
    expect(await rejected(attach())).toBeInstanceOf(StoreNotFoundError)
  })

  it('by a name that no store has fails, and says which there are', async () => {
    await openShared({ name: 'there' })
    const error = await rejected(attach('elsewhere'))
    expect(error).toBeInstanceOf(StoreNotFoundError)
    expect(error.message).toContain("'elsewhere'")
    expect(error.message).toContain("'there'")
  })

  it('in a worker does not count stores that were closed since the worker was started', async () => {
    const closed = await openShared({ name: 'closed early' })
    const other = await openShared({ name: 'still open' })
    const thread = new StoreThread()
    await closed.close()
    expect(await thread.ask('attach')).toMatchObject({ name: other.name, status: 'open' })
  })

  it('to a store that is closed fails', async () => {
    const store = await openShared({ name: 'closed' })
    const thread = new StoreThread()
    await store.close()
    for (const which of [store.handle, store.name, undefined]) {
      const error = await rejected(thread.ask('attach', which))
      expect(error.code).toMatch(/TIDEMARK_STORE_(CLOSED|NOT_FOUND)/)
    }
    expect((await rejected(attach(store.handle))).name).toMatch(/Store(Closed|NotFound)Error/)
  })

  it('to what is no handle fails with an error of this library', async () => {
    const wrong = [
      null,
      5,
      {},
      { name: 'x', id: 'y' },
      { name: 'x', id: 'y', buffer: new ArrayBuffer(8) },
      { name: 'x', id: 'y', buffer: new SharedArrayBuffer(8) },
      { name: 'x', id: 'y', buffer: new SharedArrayBuffer(65_536) },
    ]
    for (const which of wrong) {
      const error = await rejected(attach(which as never))
      expect([which, error.code]).toEqual([which, expect.stringMatching(/^TIDEMARK_/)])
    }
  })
})

describe('open', () => {
  it('of the same name is refused in a worker too, and allowed again when the store is closed', async () => {
    const store = await openShared({ name: 'one' })
    const thread = new StoreThread()
    const error = await rejected(thread.ask('open', { name: 'one' }))
    expect(error).toMatchObject({ name: 'OptionError', code: 'TIDEMARK_OPTION' })
    await store.close()
    const again = await open({ name: 'one', memoryLimitBytes: 2 ** 22 })
    expect(await attach('one')).toBe(again)
    await again.close()
  })

  it('of many stores at once is allowed, without warnings', async () => {
    const warnings: Error[] = []
    const listen = (warning: Error) => void warnings.push(warning)
    process.on('warning', listen)
    for (let i = 0; i < 15; i++) await openShared({ name: `many ${i}`, memoryLimitBytes: 2 ** 22 })
    await new Promise(setImmediate)
    process.off('warning', listen)
    expect(warnings.map(({ message }) => message)).toEqual([])
  })
})

describe('codecs', () => {
  it('that differ between threads are refused, whoever comes second', async () => {
    const store = await openShared()
    store.table('by main')
    const thread = new StoreThread()
    await thread.ask('attach')
    await thread.ask('table', 'by worker', 'string')
    const error = await rejected(thread.ask('table', 'by main', 'json'))
    expect(error).toMatchObject({ name: 'TableError', code: 'TIDEMARK_TABLE' })
    expect(error.message).toContain("'by main'")
    expect(error.message).toContain('msgpack')
    expect(error.message).toContain('json')
    expect(() => store.table('by worker')).toThrow(/string/)
    expect(await thread.ask('table', 'by main')).toBe('by main')
  })
})
