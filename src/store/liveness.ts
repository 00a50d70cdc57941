import { existsSync, readlinkSync } from 'node:fs'
import { threadId, type Worker } from 'node:worker_threads'
import type { Engine } from '../mvcc/engine.js'

/**
 * Notices threads that have died attached to a store, and has the engine complete or undo what they left half done.
 *
 * A thread sees the deaths of the workers that it starts, by their `exit` events. Where the operating system lists threads
 * (Linux), a thread that waits for another also looks for itself, so that nobody depends on an event loop that may be
 * busy, or on a worker having been started after the store was opened.
 */
export class DeathWatch {
  readonly #engine: Engine
  readonly #onWorker = (worker: Worker): void => {
    const id = worker.threadId
    worker.once('exit', () => this.#threadEnded(id))
  }

  constructor(engine: Engine) {
    this.#engine = engine
    process.on('worker', this.#onWorker)
  }

  stop(): void {
    process.off('worker', this.#onWorker)
  }

  #threadEnded(thread: number): void {
    if (!this.#engine.isClosed) this.#engine.recoverer.recoverThread(thread)
  }
}

/** The operating system's number of this thread, or 0 where it does not tell. */
export function nativeThread(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  } catch {
    return 0
  }
}

export function isThreadDead(native: number): boolean {
  return !existsSync(`/proc/self/task/${native}`)
}

export const thisThread: number = threadId
