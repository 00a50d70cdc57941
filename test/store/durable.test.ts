import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OpenOptions, open, type Store } from 'tidemark'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runThreads } from '../kit/engineThreads.js'

const mebibyte = 1024 * 1024
let opened = 0

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-store-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function openIn(path: string, options: OpenOptions = {}): Promise<Store> {
  const store = await open({ path, name: `durable ${++opened}`, memoryLimitBytes: 64 * mebibyte, ...options })
  onTestFinished(() => store.close())
  return store
}

/** All data of a store, by table. */
function contents(store: Store, ...tables: string[]): Record<string, [unknown, unknown][]> {
  return store.snapshot((tx) =>
    Object.fromEntries(tables.map((name) => [name, [...tx.getRange(store.table(name))]])),
  )
}

describe('a store with a path', () => {
  test('holds after opening again what was committed, over several runs', async () => {
    const path = folder()
    const model = new Map<number, unknown>()
    for (let run = 0; run < 4; run++) {
      const store = await openIn(path, { segmentBytes: 64 * 1024 })
      const table = store.table<number, unknown>('items')
      expect(store.snapshot((tx) => new Map(tx.getRange(table)))).toEqual(model)
      for (let i = 0; i < 300; i++) {
        const key = (i * 7 + run * 13) % 100
        const value = { run, i, text: 'x'.repeat(i * 3), at: new Date(i) }
        const isDelete = i % 5 === 0
        const change = () =>
          store.transaction(
            (tx) => {
              if (isDelete) tx.delete(table, key)
              else tx.put(table, key, value)
            },
            { durability: i % 2 === 0 ? 'async' : 'sync' },
          )
        await change()
        if (isDelete) model.delete(key)
        else model.set(key, value)
        if (run === 2 && i === 150) await store.checkpoint()
      }
      const sorted = new Map([...model].sort(([a], [b]) => a - b))
      model.clear()
      for (const [key, value] of sorted) model.set(key, value)
      await store.close()
    }
  })

  test('keeps tables, empty ones too, with the codec they were made with', async () => {
    const path = folder()
    const store = await openIn(path)
    store.table('empty')
    await store.transaction((tx) => tx.put(store.table('full'), 'k', 1n))
    store.table('last')
    await store.close()
    const again = await openIn(path)
    expect(contents(again, 'empty', 'full', 'last')).toEqual({ empty: [], full: [['k', 1n]], last: [] })
    expect(again.recovery).toMatchObject({ isClean: true, cuts: [], entries: 1 })
  })

  test('serves all threads of the process', async () => {
    const path = folder()
    const store = await openIn(path)
    store.table('counters')
    await runThreads('increment.mjs', 2, () => ({ handle: store.handle, times: 200 }))
    await store.close()
    expect(contents(await openIn(path), 'counters')).toEqual({ counters: [['c', 400]] })
  })

  test('resolves a flush when all that was committed before is on disk', async () => {
    const path = folder()
    const store = await openIn(path, { durability: 'async' })
    const table = store.table('items')
    for (let i = 0; i < 1000; i++) store.transactionSync((tx) => tx.put(table, i, i))
    await store.flush()
    // A copy of the folder as it is now is what a crash would leave.
    const { cpSync } = await import('node:fs')
    const copy = folder()
    cpSync(path, copy, { recursive: true, filter: (file) => !file.endsWith('lock') })
    expect(contents(await openIn(copy), 'items')['items']).toHaveLength(1000)
  })

  test('forgets writes of durability none, unless a checkpoint has been taken', async () => {
    const path = folder()
    const write = (store: Store, key: string) =>
      store.transaction((tx) => tx.put(store.table('items'), key, 1), { durability: 'none' })
    const first = await openIn(path)
    await write(first, 'a')
    await first.checkpoint()
    await write(first, 'b')
    await first.close()
    expect(contents(await openIn(path), 'items')['items']).toEqual([['a', 1]])
  })

  test('acknowledges reads only when what they have read is on disk', async () => {
    const store = await openIn(folder())
    const table = store.table<string, number>('items')
    let durable = 0
    for (let i = 1; i <= 50; i++) {
      store.transactionSync((tx) => tx.put(table, 'a', i), { durability: 'async' })
      const flushed = store.flush().then(() => {
        durable = Math.max(durable, i)
        return durable
      })
      const seen = await store.transaction((tx) => tx.get(table, 'a'))
      expect(seen).toBe(i)
      await new Promise(setImmediate)
      expect(durable).toBe(i)
      await flushed
    }
  })

  test('refuses a second opening, and names who has it', async () => {
    const path = folder()
    await openIn(path)
    await expect(openIn(path)).rejects.toMatchObject({
      code: 'TIDEMARK_STORE_LOCKED',
      holder: { pid: process.pid },
    })
  })

  test('is left as it was, and free, when it does not fit into memory', async () => {
    const path = folder()
    const store = await openIn(path)
    const table = store.table('items')
    for (let i = 0; i < 100; i++)
      await store.transaction((tx) => tx.put(table, i, 'x'.repeat(100_000)), { durability: 'async' })
    await store.close()
    const before = readdirSync(path)
    await expect(openIn(path, { memoryLimitBytes: 4 * mebibyte })).rejects.toMatchObject({
      code: 'TIDEMARK_MEMORY_FULL',
    })
    expect(readdirSync(path)).toEqual(before)
    expect(contents(await openIn(path), 'items')['items']).toHaveLength(100)
  })

  test('refuses a transaction that its buffer can never hold, and goes on', async () => {
    const path = folder()
    const store = await openIn(path, { journalBufferBytes: 64 * 1024 })
    const table = store.table('items')
    const put = (lengthBytes: number) =>
      store.transaction((tx) => tx.put(table, lengthBytes, 'x'.repeat(lengthBytes)))
    await expect(put(100_000)).rejects.toMatchObject({ code: 'TIDEMARK_RECORD_TOO_LONG' })
    await put(60_000)
    // Many that together are far longer than the buffer wait for room.
    await Promise.all(Array.from({ length: 40 }, (_, i) => put(30_000 + i)))
    await store.close()
    const keys = contents(await openIn(path), 'items')['items']!.map(([key]) => key)
    expect(keys).toEqual([...Array.from({ length: 40 }, (_, i) => 30_000 + i), 60_000])
  })

  test('needs nothing that was written before its checkpoint', async () => {
    const path = folder()
    const store = await openIn(path)
    const items = store.table<number, number>('items')
    const put = (i: number) => store.transaction((tx) => tx.put(items, i, i))
    const files = (end: string) =>
      readdirSync(path)
        .filter((name) => name.endsWith(end))
        .sort()
    let i = 0
    for (let round = 0; round < 3; round++) {
      for (; i < 20 * (round + 1); i++) await put(i)
      const before = files('.log')
      await store.checkpoint()
      const positionOf = (name: string) => /[0-9a-f]{16}/.exec(name)![0]
      expect(files('.ckpt')).toHaveLength(1)
      // What stood in the files of before can be damaged no more.
      expect(files('.log').map(positionOf)).toEqual(files('.ckpt').map(positionOf))
      expect(before).not.toContain(files('.log')[0])
    }
    // At once, with nothing written since: the segment that has nothing in it serves again.
    await store.checkpoint()
    expect(files('.log')).toHaveLength(1)
    await put(i)
    await store.close()
    const again = await openIn(path)
    expect(contents(again, 'items')['items']).toEqual(Array.from({ length: i + 1 }, (_, at) => [at, at]))
    expect(again.recovery).toMatchObject({ isClean: true, entries: i + 1 })
  })

  test('takes checkpoints by itself as the journal grows, and removes old segments', async () => {
    const path = folder()
    const store = await openIn(path, {
      segmentBytes: 64 * 1024,
      checkpointBytes: 100_000,
      durability: 'async',
    })
    const table = store.table('items')
    const isSmall = () =>
      readdirSync(path).some((name) => name.startsWith('checkpoint')) && readdirSync(path).length < 8
    for (let i = 0; i < 200 && !(i > 20 && isSmall()); i++) {
      for (let j = 0; j < 20; j++) await store.transaction((tx) => tx.put(table, j, 'x'.repeat(2000)))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(isSmall()).toBe(true)
    await store.close()
    expect(contents(await openIn(path), 'items')['items']).toHaveLength(20)
  })

  test('tells how far recovery is', async () => {
    const path = folder()
    const store = await openIn(path, { durability: 'async' })
    const table = store.table('items')
    for (let i = 0; i < 3000; i++) store.transactionSync((tx) => tx.put(table, i, 'x'.repeat(1000)))
    await store.close()
    const seen: { bytes: number; totalBytes: number }[] = []
    await openIn(path, { onRecovery: (progress) => seen.push(progress) })
    expect(seen.length).toBeGreaterThan(2)
    expect(seen.at(-1)!.bytes).toBe(seen.at(-1)!.totalBytes)
  })
})

describe('a backup', () => {
  test('is one moment of the store, taken while transactions run, and a store of its own', async () => {
    const store = await openIn(folder(), { durability: 'async' })
    const pairs = store.table<number, number>('pairs')
    await store.transaction((tx) => {
      for (let i = 0; i < 2000; i++) tx.put(pairs, i, 0)
    })
    const state = { isOver: false }
    const target = join(folder(), 'backup')
    const progress: number[] = []
    const backup = store
      .backup(target, { onProgress: ({ entries }) => progress.push(entries) })
      .finally(() => {
        state.isOver = true
      })
    for (let i = 1; !state.isOver; i++) {
      // Each transaction changes a pair of keys: a copy that is torn shows them apart.
      await store.transaction((tx) => {
        tx.put(pairs, (i * 2) % 2000, i)
        tx.put(pairs, ((i * 2) % 2000) + 1, i)
      })
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await backup
    await store.flush()
    const copy = await openIn(target)
    const values = contents(copy, 'pairs')['pairs']!.map(([, value]) => value)
    expect(values).toHaveLength(2000)
    for (let i = 0; i < 2000; i += 2) expect(values[i]).toBe(values[i + 1])
    await copy.transaction((tx) => tx.put(copy.table('pairs'), 0, -1))
    expect(store.snapshot((tx) => tx.get(pairs, 0))).not.toBe(-1)
  })

  test('can be cancelled, and leaves nothing', async () => {
    const store = await openIn(folder(), { durability: 'async' })
    await store.transaction((tx) => tx.put(store.table('items'), 1, 1))
    const target = join(folder(), 'backup')
    await expect(store.backup(target, { signal: AbortSignal.abort('enough') })).rejects.toMatchObject({
      code: 'TIDEMARK_CANCELLED',
      cause: 'enough',
    })
    expect(existsSync(target)).toBe(false)
    const full = folder()
    await store.backup(full)
    await expect(store.backup(full)).rejects.toMatchObject({ code: 'TIDEMARK_OPTION' })
  })
})
