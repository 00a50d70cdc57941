import { describe, expect, it, onTestFinished } from 'vitest'
import {
  attach,
  MemoryLimitError,
  open,
  OptionError,
  type OpenOptions,
  StoreNotFoundError,
  TidemarkError,
} from '../../src/index.js'
import { mebibyte, openStore, rejectionOf, thrownBy } from '../kit/storeRoom.js'

describe('open', () => {
  it('without options makes a store named tidemark with a share of the machine’s memory', async () => {
    const store = await open()
    onTestFinished(() => store.close())
    expect(store.name).toBe('tidemark')
    expect(store.status).toBe('open')
    expect(store.stats().memoryLimitBytes).toBeGreaterThanOrEqual(16 * mebibyte)
    expect(store.stats().memoryLimitBytes).toBeLessThanOrEqual(4 * 1024 * mebibyte)
    store.transactionSync((tx) => tx.put(store.table('items'), 'a', 1))
    expect(store.snapshot((tx) => tx.get(store.table('items'), 'a'))).toBe(1)
  })

  it('takes a name and a memory limit', async () => {
    const store = await openStore({ name: 'mine', memoryLimitBytes: 5 * mebibyte })
    expect(store.name).toBe('mine')
    expect(store.handle).toMatchObject({ name: 'mine', buffer: expect.any(SharedArrayBuffer) })
    expect(store.stats().memoryLimitBytes).toBe(5 * mebibyte)
  })

  it('refuses a name that is in use, and names the way out', async () => {
    const store = await openStore({ name: 'taken' })
    const error = await rejectionOf(open({ name: 'taken' }))
    expect(error).toBeInstanceOf(OptionError)
    expect(error).toMatchObject({ option: 'name', code: 'TIDEMARK_OPTION' })
    expect((error as Error).message).toMatch(/'taken'.*attach/)
    await store.close()
    await openStore({ name: 'taken' })
  })

  it('keeps stores apart: tables of one name hold different data', async () => {
    const first = await openStore()
    const second = await openStore()
    expect(first.handle.id).not.toBe(second.handle.id)
    first.transactionSync((tx) => tx.put(first.table('items'), 'a', 1))
    expect(second.snapshot((tx) => tx.has(second.table('items'), 'a'))).toBe(false)
  })

  const wrong: Record<string, unknown> = {
    'an unknown option': { memory: 5 },
    'a misspelt option': { memoryLimitBytess: 5 },
    'an empty path': { path: '' },
    'a path that is no string': { path: 5 },
    'a durability without a path': { durability: 'sync' },
    'a durability that there is not': { path: 'unused', durability: 'later' },
    'segments too short': { path: 'unused', segmentBytes: 100 },
    'a checkpoint size below 0': { path: 'unused', checkpointBytes: -1 },
    'an onRecovery that is no function': { path: 'unused', onRecovery: true },
    'an empty name': { name: '' },
    'a name that is no string': { name: 5 },
    null: null,
    'a string': 'bank',
  }
  it.each(Object.entries(wrong))('refuses %s', async (_, options) => {
    const error = await rejectionOf(open(options as OpenOptions))
    expect(error).toBeInstanceOf(OptionError)
    expect(await rejectionOf(attach())).toBeInstanceOf(StoreNotFoundError)
  })

  it('says of a durability without a path that data is in memory only', async () => {
    const store = await openStore()
    const table = store.table('items')
    const commit = () => store.transactionSync((tx) => tx.put(table, 'a', 1), { durability: 'sync' })
    expect((thrownBy(commit) as Error).message).toMatch(/memory only/)
  })

  it.each([0, -1, 1024, 1.5e7 + 0.5, Number.NaN, 2 ** 50, Number.POSITIVE_INFINITY, '5'])(
    'refuses a memoryLimitBytes of %s, and says what is allowed',
    async (memoryLimitBytes) => {
      const error = await rejectionOf(open({ memoryLimitBytes: memoryLimitBytes as number }))
      expect(error).toBeInstanceOf(TidemarkError)
      expect(error).toBeInstanceOf(MemoryLimitError)
      expect((error as Error).message).toMatch(/memoryLimitBytes is .* from \d+ to \d+/)
    },
  )
})

describe('a table', () => {
  it('is made when it is first asked for, and is the same one from then on', async () => {
    const store = await openStore()
    const items = store.table('items')
    expect(store.table('items')).toBe(items)
    expect(items.name).toBe('items')
  })

  it('of a bad name is refused', async () => {
    const store = await openStore()
    for (const name of ['', 'x'.repeat(256), 'ä'.repeat(128), 5, undefined, null, {}, '\ud800']) {
      const error = thrownBy(() => store.table(name as string))
      expect(error).toMatchObject({ name: 'TableError', code: 'TIDEMARK_TABLE' })
    }
    for (const name of ['x'.repeat(255), 'ä'.repeat(127), ' ', 'a/b', '\0', 'constructor', '__proto__'])
      expect(store.table(name).name).toBe(name)
  })

  it('with bad options is refused', async () => {
    const store = await openStore()
    for (const options of [{ codecs: 1 }, { codec: {} }, { codec: 'json' }, { codec: { name: 5 } }, null])
      expect(thrownBy(() => store.table('items', options as never))).toBeInstanceOf(OptionError)
    store.table('items')
  })
})
