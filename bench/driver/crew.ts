import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type Phase, phases, type RunControl } from './control.js'

/**
 * How long a thread may take from the end of a run to its own end: the longest transaction, with room to
 * spare.
 */
const stopSecondsMax = 60

/** The threads of one run. They share its phase; the first failure of any stops all. */
export class Crew {
  readonly #control: RunControl
  readonly #workers: Worker[]
  readonly #exits: Promise<void>[]
  readonly #failed = new AbortController()

  constructor(control: RunControl, script: URL, tasks: readonly unknown[]) {
    this.#control = control
    this.#workers = tasks.map((workerData) => new Worker(script, { workerData }))
    this.#exits = this.#workers.map((worker) => this.#exitOf(worker))
  }

  /** Aborts, with the error as its reason, when a thread fails. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  /** Resolves when every thread is connected and waits for the start, or one has failed. */
  async ready(): Promise<void> {
    await Promise.all(
      this.#workers.map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.once('message', () => resolve())
            worker.once('exit', () => resolve())
          }),
      ),
    )
  }

  enter(phase: Phase): void {
    this.#control.enter(phase)
  }

  /** Stops all threads, waits for their end, and throws what the first one to fail threw. */
  async stop(): Promise<void> {
    this.enter(phases.stop)
    const timer = new AbortController()
    const late = sleep(stopSecondsMax * 1000, 'late', { signal: timer.signal }).catch(() => 'ended')
    const outcome = await Promise.race([Promise.all(this.#exits).then(() => 'ended'), late])
    timer.abort()
    if (outcome === 'late') {
      await Promise.all(this.#workers.map((worker) => worker.terminate()))
      throw new Error(`a thread was still in a transaction ${stopSecondsMax} s after the end of the run`)
    }
    this.#failed.signal.throwIfAborted()
  }

  #exitOf(worker: Worker): Promise<void> {
    worker.on('error', (error) => this.#failed.abort(error))
    return new Promise((resolve) => {
      worker.once('exit', (code) => {
        if (code !== 0) this.#failed.abort(new Error(`a thread ended early with exit code ${code}`))
        resolve()
      })
    })
  }
}
