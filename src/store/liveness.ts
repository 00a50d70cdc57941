import { existsSync, readlinkSync } from 'node:fs'
import { threadId, type Worker } from 'node:worker_threads'
import type { Liveness } from '../memory/latch.js'
import type { Engine } from '../mvcc/engine.js'
import { siteState } from '../tid/siteTable.js'

/**
 * Notices threads that have died attached to a store, and has what they left half done completed or undone.
 *
 * A thread sees the deaths of the workers that it starts, by their `exit` events. Where the operating system lists threads
 * (Linux), a thread that waits for another also looks for itself, so that nobody depends on an event loop that may be
 * busy, or on a worker having been started after the store was opened.
 */
export class ThreadLiveness implements Liveness {
  #engine: Engine | undefined
  readonly #onWorker = (worker: Worker): void => {
    const id = worker.threadId
    worker.once('exit', () => this.#threadEnded(id))
  }

  watch(engine: Engine): void {
    this.#engine = engine
    process.on('worker', this.#onWorker)
  }

  unwatch(): void {
    process.off('worker', this.#onWorker)
    this.#engine = undefined
  }

  recoverIfDead(site: number): boolean {
    const engine = this.#engine
    if (engine === undefined || site === 0) return false
    const { sites } = engine.context
    if (sites.stateOf(site) !== siteState.attached) return false
    const native = sites.nativeThreadOf(site)
    if (native === 0 || isThreadAlive(native)) return false
    return engine.recoverer.recover(site)
  }

  #threadEnded(thread: number): void {
    const engine = this.#engine
    if (engine === undefined || engine.isClosed) return
    const { sites } = engine.context
    for (let site = sites.highWater; site > 0; site--) {
      if (sites.stateOf(site) === siteState.attached && sites.threadOf(site) === thread) engine.recoverer.recover(site)
    }
  }
}

/** The operating system's number of this thread, or 0 where it does not tell. */
export function nativeThreadOf(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  } catch {
    return 0
  }
}

function isThreadAlive(nativeThread: number): boolean {
  return existsSync(`/proc/self/task/${nativeThread}`)
}

export const thisThread: number = threadId
