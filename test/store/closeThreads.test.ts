import { attach } from 'tidemark'
import { describe, expect, it } from 'vitest'
import { control, openShared, StoreThread } from '../kit/storeThread.js'

describe('close in a worker', () => {
  it('detaches only that worker, which may attach again', async () => {
    const store = await openShared()
    const items = store.table<string, number>('items')
    const thread = new StoreThread()
    await thread.ask('attach')
    await thread.ask('put', 'items', 'a', 1)
    await thread.ask('close')
    expect(await thread.ask('status')).toBe('closed')
    await expect(thread.ask('get', 'items', 'a')).rejects.toMatchObject({ code: 'TIDEMARK_STORE_CLOSED' })
    expect(store.status).toBe('open')
    expect(store.stats().sites).toBe(1)
    store.transactionSync((tx) => tx.put(items, 'a', 2))
    await thread.ask('attach')
    expect(await thread.ask('get', 'items', 'a')).toBe(2)
    expect(store.stats().sites).toBe(2)
  })

  it('many times over leaves no site behind', async () => {
    const store = await openShared()
    const thread = new StoreThread()
    for (let i = 0; i < 50; i++) {
      await thread.ask('attach')
      await thread.ask('put', 'items', i, i)
      await thread.ask('close')
    }
    expect(store.stats().sites).toBe(1)
    expect(store.snapshot((tx) => tx.count(store.table('items')))).toBe(50)
  })

  it('also happens when the worker ends', async () => {
    const store = await openShared()
    const thread = new StoreThread()
    await thread.ask('attach')
    expect(store.stats().sites).toBe(2)
    await thread.end()
    expect(store.stats().sites).toBe(1)
    expect(store.stats().oldest).toBeUndefined()
  })
})

describe('close by the opener', () => {
  it('ends the store for all threads', async () => {
    const store = await openShared()
    const thread = new StoreThread()
    await thread.ask('attach')
    await store.close()
    expect(await thread.ask('status')).toBe('closed')
    const uses = [['get', 'items', 'a'], ['put', 'items', 'a', 1], ['stats'], ['table', 'items']] as const
    for (const [command, ...args] of uses) {
      await expect(thread.ask(command, ...args)).rejects.toMatchObject({
        name: 'StoreClosedError',
        code: 'TIDEMARK_STORE_CLOSED',
      })
    }
    await thread.ask('close')
  })

  it('keeps a transaction that another thread has under way from being acknowledged', async () => {
    const store = await openShared()
    const thread = new StoreThread()
    await thread.ask('attach')
    const { words } = control()
    const lingering = thread.ask('linger', { control: words, ms: 80 })
    while (Atomics.load(words, 0) === 0) await new Promise(setImmediate)
    await store.close()
    expect(await lingering).toBe('closed')
  })

  it('frees the name: a new store of it is another store', async () => {
    const store = await openShared({ name: 'again' })
    const thread = new StoreThread()
    await thread.ask('attach', store.handle)
    await store.close()
    const second = await openShared({ name: 'again' })
    expect(second.handle.id).not.toBe(store.handle.id)
    expect(await attach('again')).toBe(second)
    await thread.ask('attach', second.handle)
    await thread.ask('put', 'items', 'a', 1)
    expect(second.snapshot((tx) => tx.get(second.table('items'), 'a'))).toBe(1)
  })
})
