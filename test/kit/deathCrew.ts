import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { onTestFinished } from 'vitest'

/** How many threads `deaths.test.ts` lets die: TIDEMARK_DEATHS. */
export const deathCount = Number(process.env['TIDEMARK_DEATHS'] ?? 150)

export const accountCount = 200
export const churnKeys = 3000

/** A thread dies this long after it has begun to work, at most. */
const longestLifeMs = 8

/** Threads that transact at random, `workers/deathLoad.mjs`, and are killed while they do. */
export class DeathCrew {
  readonly #counter = new Int32Array(new SharedArrayBuffer(4))
  readonly #living = new Set<Worker>()
  #failure: Error | undefined
  deaths = 0

  readonly #mayBeFull: boolean

  constructor(mayBeFull = false) {
    this.#mayBeFull = mayBeFull
    onTestFinished(() => this.end())
  }

  /** Transactions of all threads so far, about: they do not agree about the counter. */
  get transactions(): number {
    return this.#counter[0]!
  }

  /** Starts a thread, and waits until it works. */
  async start(): Promise<Worker> {
    const workerData = {
      accountCount,
      churnKeys,
      counter: this.#counter.buffer,
      mayBeFull: this.#mayBeFull,
    }
    const worker = new Worker(new URL('workers/deathLoad.mjs', import.meta.url), { workerData })
    this.#living.add(worker)
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('exit', () => reject(new Error('a thread ended by itself')))
      worker.on('error', (error: Error) => {
        this.#failure ??= error
        reject(error)
      })
    })
    return worker
  }

  /** Starts threads one after the other and kills each, until so many have died; `check` runs after each. */
  async kill(count: number, check: () => void): Promise<void> {
    while (this.deaths < count) {
      const worker = await this.start()
      await delay(Math.random() * longestLifeMs)
      await this.#terminate(worker)
      this.deaths++
      check()
      if (this.#failure !== undefined) throw this.#failure
    }
  }

  /** Kills the threads that are left. */
  async end(): Promise<void> {
    await Promise.all([...this.#living].map((worker) => this.#terminate(worker)))
  }

  async #terminate(worker: Worker): Promise<void> {
    this.#living.delete(worker)
    await worker.terminate()
  }
}
