import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { open, type Store } from 'tidemark'
import { joinRecording, type Recording, recordStore, startRecording } from 'tidemark/history'
import { describe, expect, test } from 'vitest'
import { runThreads } from '../kit/engineThreads.js'

let stores = 0

async function openStore(): Promise<Store> {
  return open({ name: `recorded ${++stores}`, memoryLimitBytes: 64 * 1024 * 1024 })
}

type Told = readonly [type: string, value: unknown, error?: unknown]

async function storyOf(recording: Recording): Promise<Told[]> {
  const history = await recording.history()
  return [...history].map(({ type, value, error }) =>
    error === undefined ? [type, value] : [type, value, error],
  )
}

describe('a recorded store', () => {
  test('gives and keeps what the store does, and notes reads and writes', async () => {
    await using store = await openStore()
    await using recording = await startRecording()
    const table = store.table<string, number>('t')
    const recorded = recordStore(store, joinRecording(recording.handle))
    const sum = await recorded.transaction((tx) => {
      tx.put(table, 'a', 1)
      tx.insert(table, 'b', 2)
      return (tx.get(table, 'a') ?? 0) + (tx.get(table, 'b') ?? 0)
    })
    const entries = recorded.snapshot((tx) => [
      tx.getRange(table).toArray(),
      tx.has(table, 'c'),
      tx.count(table),
    ])
    expect(sum).toBe(3)
    expect(entries).toEqual([
      [
        ['a', 1],
        ['b', 2],
      ],
      false,
      2,
    ])
    expect(recorded.transactionSync((tx) => tx.getMany(table, ['a', 'z']))).toEqual([1, undefined])
    const reads = [
      ['r', 't/a', 1],
      ['r', 't/b', 2],
    ]
    expect((await storyOf(recording)).filter(([type]) => type === 'ok')).toEqual([
      ['ok', [['w', 't/a', 1], ['w', 't/b', 2], ...reads]],
      ['ok', [...reads, ['r', 't/c', null], ...reads]],
      ['ok', [reads[0], ['r', 't/z', null]]],
    ])
  })

  test('notes lists by what is appended to them', async () => {
    await using store = await openStore()
    await using recording = await startRecording()
    const table = store.table<string, number[]>('t')
    const recorded = recordStore(store, joinRecording(recording.handle), {
      model: 'list-append',
      key: (_, key) => String(key),
    })
    for (const element of [1, 2]) {
      recorded.transactionSync((tx) => tx.put(table, 'a', [...(tx.get(table, 'a') ?? []), element]))
    }
    expect((await storyOf(recording)).filter(([type]) => type === 'ok')).toEqual([
      [
        'ok',
        [
          ['r', 'a', null],
          ['append', 'a', 1],
        ],
      ],
      [
        'ok',
        [
          ['r', 'a', [1]],
          ['append', 'a', 2],
        ],
      ],
    ])
  })

  test('notes a transaction that is run again once, by its last run', async () => {
    await using store = await openStore()
    await using recording = await startRecording()
    const table = store.table<string, number>('t')
    const recorded = recordStore(store, joinRecording(recording.handle))
    let runs = 0
    const somebodyFaster = delay(2).then(() =>
      store.transaction((other) => {
        other.get(table, 'b')
        other.put(table, 'a', 7)
      }),
    )
    await recorded.transaction(async (tx) => {
      runs += 1
      tx.get(table, 'a')
      await delay(1)
      if (runs === 1) await somebodyFaster
      tx.put(table, 'b', runs)
      tx.put(table, 'a', 10 + runs)
    })
    expect(runs).toBeGreaterThan(1)
    expect(await storyOf(recording)).toEqual([
      [
        'invoke',
        [
          ['r', 't/a', null],
          ['w', 't/b', runs],
          ['w', 't/a', 10 + runs],
        ],
      ],
      [
        'ok',
        [
          ['r', 't/a', 7],
          ['w', 't/b', runs],
          ['w', 't/a', 10 + runs],
        ],
      ],
    ])
  })

  test('says fail when nothing was committed, info when nobody knows', async () => {
    await using store = await openStore()
    await using recording = await startRecording()
    const table = store.table<string, number>('t')
    const recorder = joinRecording(recording.handle)
    const recorded = recordStore(store, recorder)
    expect(() => recorded.transactionSync((tx) => tx.abort('enough'))).toThrow('aborted')
    await expect(recorded.transaction(() => Promise.reject(new Error('of the body')))).rejects.toThrow(
      'of the body',
    )
    expect(() => recorded.transactionSync((tx) => tx.put(table, 'k', (() => 1) as never))).toThrow(
      'cannot be stored',
    )
    expect(() => recorded.transactionSync((tx) => tx.delete(table, 'k'))).toThrow('no deletions')
    expect(() => recorded.snapshot()).toThrow('give snapshot a body')
    const breaking = recordStore(afterwards(store, new Error('the disk has failed')), recorder)
    expect(() => breaking.transactionSync((tx) => tx.put(table, 'k', 1))).toThrow('the disk has failed')
    await expect(breaking.transaction((tx) => tx.put(table, 'k', 2))).rejects.toThrow('the disk has failed')
    const ends = (await storyOf(recording)).filter(([type]) => type !== 'invoke')
    expect(ends.map(([type]) => type)).toEqual(['fail', 'fail', 'fail', 'fail', 'info', 'info'])
    expect(ends[0]![2]).toContain('TIDEMARK_ABORTED')
    expect(ends[4]).toEqual(['info', [['w', 't/k', 1]], 'Error: the disk has failed'])
  })
})

/** A store that commits, and then throws. */
function afterwards(store: Store, error: Error): Pick<Store, 'transaction' | 'transactionSync' | 'snapshot'> {
  return {
    snapshot: store.snapshot.bind(store),
    async transaction(body) {
      await store.transaction(body)
      throw error
    },
    transactionSync(body) {
      store.transactionSync(body)
      throw error
    },
  }
}

describe('threads record into one history', () => {
  test('all that they do', async () => {
    await using store = await openStore()
    await using recording = await startRecording()
    const counter = new SharedArrayBuffer(8)
    const load = { handle: store.handle, recording: recording.handle, transactions: 3000, keys: 5, counter }
    await runThreads('recordLoad.mjs', 2, () => load)
    const history = await recording.history()
    const ok = [...history].filter(({ type }) => type === 'ok')
    expect(ok).toHaveLength(6000)
    expect(new Set(ok.map(({ process }) => process)).size).toBe(2)
  })

  test('and lose nothing that was completed when they are terminated', async () => {
    await using store = await openStore()
    await using recording = await startRecording()
    const counter = new SharedArrayBuffer(4 * 64)
    const completed = new Int32Array(counter)
    const load = { handle: store.handle, recording: recording.handle, transactions: 1e9, keys: 5, counter }
    for (let thread = 0; thread < 8; thread++) {
      const worker = new Worker(new URL('../kit/workers/recordLoad.mjs', import.meta.url), {
        workerData: load,
      })
      await new Promise((resolve) => worker.once('message', resolve))
      await delay(Math.random() * 60)
      await worker.terminate()
    }
    const history = await recording.history()
    const okOf = new Map<number | string, number>()
    for (const { type, process } of history)
      if (type === 'ok') okOf.set(process, (okOf.get(process) ?? 0) + 1)
    for (let thread = 0; thread < 8; thread++) {
      const ok = okOf.get(thread) ?? 0
      expect(ok - completed[thread]!).toBeGreaterThanOrEqual(0)
      // The one after the last that was counted may have been recorded, too.
      expect(ok - completed[thread]!).toBeLessThanOrEqual(1)
    }
    const unknown = [...history].filter(({ type }) => type === 'info')
    expect(unknown.length).toBeLessThanOrEqual(8)
  })
})
