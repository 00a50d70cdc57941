import { threadId, type Worker } from 'node:worker_threads'
import type { Engine } from '../mvcc/engine.js'

/**
 * Notices threads that have died attached to a store, and has the engine complete or undo what they left half
 * done.
 *
 * A thread sees the deaths of the workers that it starts, by their `exit` events. Where the operating system
 * lists threads (Linux), a thread that waits for another also looks for itself, so that nobody depends on an
 * event loop that may be busy, or on a worker having been started after the store was opened.
 */
export function watchDeaths(engine: Engine): () => void {
  if (watching.size === 0) process.on('worker', onWorker)
  watching.add(engine)
  return () => {
    watching.delete(engine)
    if (watching.size === 0) process.off('worker', onWorker)
  }
}

const watching = new Set<Engine>()

function onWorker(worker: Worker): void {
  const thread = worker.threadId
  worker.once('exit', () => {
    for (const engine of watching) if (!engine.isClosed) engine.recoverer.recoverThread(thread)
  })
}

export const thisThread: number = threadId
