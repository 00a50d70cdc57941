import { threadId } from 'node:worker_threads'
import { expect, onTestFinished } from 'vitest'
import { type OpenOptions, open, type Store as StoreType, type Transaction } from '../../src/index.js'
import { SharedMemory } from '../../src/memory/sharedMemory.js'
import { Engine } from '../../src/mvcc/engine.js'
import { Store } from '../../src/store/store.js'

export const mebibyte: number = 1024 ** 2

/** What snapshots and transactions have in common. */
export type Reads = Pick<Transaction, 'get' | 'has' | 'getRange' | 'getKeys' | 'getValues' | 'count'>

let opened = 0

/** A store of its own for one test. When the test is over nothing may be open in it, and it is closed. */
export async function openStore(options: OpenOptions = {}): Promise<StoreType> {
  const store = await open({ name: `test ${++opened}`, memoryLimitBytes: 16 * mebibyte, ...options })
  onTestFinished(async ({ task }) => {
    const oldest = store.status === 'open' ? store.stats().oldest : undefined
    await store.close()
    if (task.result?.state === 'pass') expect(oldest, 'nothing is left open').toBeUndefined()
  })
  return store
}

/**
 * The same store as another thread would see it, but in this thread: conflicts between sites then come when
 * the test says so. What waits for the other site blocks it, so waits end by their own limits.
 */
export function secondSite(store: StoreType): StoreType {
  const memory = SharedMemory.from(store.handle.buffer)
  const engine = new Engine({ memory, thread: threadId })
  const second = new Store(engine, store.handle, { detach: () => engine.leave() })
  onTestFinished(() => second.close())
  return second
}

/** What `body` throws; fails if it throws nothing. */
export function thrownBy(body: () => unknown): unknown {
  try {
    body()
  } catch (error) {
    return error
  }
  throw new Error('expected an error, and nothing was thrown')
}

/** What the promise is rejected with; fails if it is fulfilled. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  if (outcome === undefined) throw new Error('expected a rejection, and the promise was fulfilled')
  return outcome.error
}

export interface Gate {
  readonly passed: Promise<void>
  readonly open: () => void
}

/** Something to wait for until the test opens it. */
export function gate(): Gate {
  const resolvers: (() => void)[] = []
  const passed = new Promise<void>((resolve) => resolvers.push(resolve))
  return { passed, open: () => resolvers[0]?.() }
}
