import { mkdtempSync, rmSync } from 'node:fs'
import { platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryFullError, type Store, type Table } from 'tidemark'
import { expect, it, onTestFinished } from 'vitest'
import { SharedMemory } from '../../src/memory/sharedMemory.js'
import { Engine } from '../../src/mvcc/engine.js'
import { accountCount, churnKeys, DeathCrew, deathCount } from '../kit/deathCrew.js'
import { expectSound } from '../kit/engineAudit.js'
import { openShared, StoreThread, control } from '../kit/storeThread.js'

interface Account {
  readonly balance: number
}

/** No call of the survivors may take longer, whoever dies. */
const longestWaitMs = 2000
const total = accountCount * 100
const patient = { maxRetries: Number.POSITIVE_INFINITY, timeoutMs: 2 * longestWaitMs }

/** Queues, magazines and lists that a site keeps for its next owner, and what all of them share. */
const keptBytesPerSite = 16 * 1024

/** Runs the call, and answers how long it took. */
function msOf(call: () => void): number {
  const start = performance.now()
  call()
  return performance.now() - start
}

function expectTotal(store: Store, accounts: Table<number, Account>): void {
  const sum = store.snapshot((tx) =>
    tx
      .getValues(accounts)
      .toArray()
      .reduce((a, v) => a + v.balance, 0),
  )
  expect(sum).toBe(total)
}

function deleteAll(store: Store, name: string): void {
  const table = store.table(name)
  store.transactionSync((tx) => {
    for (const key of tx.getKeys(table).toArray()) tx.delete(table, key)
  })
}

interface Survival {
  readonly deaths: number
  readonly limitMebibytes: number
  readonly mayBeFull?: boolean
  /** In memory only, if there is none. */
  readonly path?: string
}

/** Lets so many threads die, and checks meanwhile and afterwards. */
async function survive({ deaths, limitMebibytes, mayBeFull = false, path }: Survival): Promise<number> {
  const store = await openShared({
    memoryLimitBytes: limitMebibytes * 1024 ** 2,
    ...(path !== undefined && { path }),
  })
  const accounts = store.table<number, Account>('accounts')
  store.transactionSync((tx) => {
    for (let i = 0; i < accountCount; i++) tx.put(accounts, i, { balance: 100 })
  })
  const crew = new DeathCrew(mayBeFull)
  await crew.start()
  const longest = { snapshot: 0, transaction: 0 }
  const write = (): void => {
    const key = ['k', Math.floor(Math.random() * churnKeys)]
    try {
      store.transactionSync((tx) => tx.put(store.table('churn'), key, 'main'), patient)
    } catch (error) {
      if (!mayBeFull || !(error instanceof MemoryFullError)) throw error
    }
  }
  const check = (): void => {
    const read = () => expectTotal(store, accounts)
    longest.snapshot = Math.max(longest.snapshot, msOf(read))
    longest.transaction = Math.max(longest.transaction, msOf(write))
  }
  await Promise.all([crew.kill(deaths, check), crew.kill(deaths, check)])
  await crew.end()

  expect(longest.snapshot).toBeLessThan(longestWaitMs)
  expect(longest.transaction).toBeLessThan(longestWaitMs)
  expectTotal(store, accounts)
  if (path === undefined) expectNothingLeft(store)
  else await expectSameAgain(store, path)
  const waits = Object.entries(longest).map(([call, ms]) => `${call} ${ms.toFixed(1)} ms`)
  process.stdout.write(`${crew.deaths} deaths, longest waits: ${waits.join(', ')}\n`)
  return crew.transactions
}

it(
  `survives ${deathCount} deaths of threads, and nothing of the dead is left`,
  async () => {
    const transactions = await survive({ deaths: deathCount, limitMebibytes: 256 })
    expect(transactions).toBeGreaterThan(deathCount)
  },
  60_000 + deathCount * 500,
)

const fewDeaths = Math.ceil(deathCount / 5)
it(
  `survives ${fewDeaths} deaths in a store that is full, where free memory is reclaimed over and over`,
  async () => {
    const transactions = await survive({ deaths: fewDeaths, limitMebibytes: 8, mayBeFull: true })
    expect(transactions).toBeGreaterThan(fewDeaths)
  },
  60_000 + deathCount * 500,
)

it(
  `survives ${fewDeaths} deaths of threads that write the journal`,
  async () => {
    const path = mkdtempSync(join(tmpdir(), 'tidemark-deaths-'))
    onTestFinished(() => rmSync(path, { recursive: true }))
    const transactions = await survive({ deaths: fewDeaths, limitMebibytes: 64, path })
    expect(transactions).toBeGreaterThan(fewDeaths)
  },
  60_000 + deathCount * 500,
)

/** All that survivors see must be there when the store is opened again. */
async function expectSameAgain(store: Store, path: string): Promise<void> {
  const contents = (of: Store) =>
    of.snapshot((tx) => ['accounts', 'churn'].map((name) => tx.getRange(of.table(name)).toArray()))
  const before = contents(store)
  await store.close()
  const again = await openShared({ path })
  expect(contents(again)).toEqual(before)
  await again.close()
}

function expectNothingLeft(store: Store): void {
  deleteAll(store, 'churn')
  deleteAll(store, 'accounts')
  for (let i = 0; i < 10; i++) store.collect()
  const auditor = new Engine({ memory: SharedMemory.from(store.handle.buffer), thread: 0 })
  const sites = auditor.context.sites.highWater
  auditor.leave()
  const stats = store.stats()
  expect(stats.sites).toBe(1)
  expect(stats.oldest).toBeUndefined()
  expect(stats.keys).toBe(0)
  expect(stats.usedBytes).toBeLessThan((sites + 1) * keptBytesPerSite)
  expectSound(auditor)
}

// Elsewhere the one that waits learns of a death from its own event loop only.
it.skipIf(platform() !== 'linux').each(['optimistic', 'locking'] as const)(
  'a thread whose event loop is blocked gets past the locks of a dead one: %s',
  async (mode) => {
    const store = await openShared()
    const items = store.table<string, number>('items')
    store.transactionSync((tx) => tx.put(items, 'held', 1))
    const thread = new StoreThread()
    await thread.ask('attach')
    const { words } = control()
    void thread.ask('hold', { control: words, table: 'items', key: 'held' })
    while (Atomics.load(words, 0) === 0) await new Promise(setImmediate)

    const ended = thread.end()
    let seen: number | undefined
    const ms = msOf(() => {
      store.transactionSync(
        (tx) => {
          seen = tx.get(items, 'held')
          tx.put(items, 'held', 3)
        },
        { ...patient, mode },
      )
    })
    await ended
    expect(ms).toBeLessThan(longestWaitMs)
    expect(seen).toBe(1)
    expect(store.snapshot((tx) => tx.get(items, 'held'))).toBe(3)
    expect(store.stats().sites).toBe(1)
  },
)
