import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { JournalThreadData } from './journalThread.js'
import { isThreadDead } from './nativeThread.js'
import type { Ring } from './ring.js'
import { ringHeader, ringState } from './ringLayout.js'

const writerStepMs = 10
/** How long closing waits for commits of other threads that are under way. */
const closeLimitMs = 30_000

/** The journal thread, as the thread that started it sees it. */
export class JournalWorker {
  readonly #worker: Worker
  readonly #ring: Ring
  readonly #exited: Promise<void>

  private constructor(worker: Worker, ring: Ring) {
    this.#worker = worker
    this.#ring = ring
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()))
    worker.on('error', (error) => ring.fail(error))
    worker.once('exit', () => {
      if (ring.state < ringState.closed) ring.fail(new Error('the journal thread has ended'))
    })
  }

  /** Resolves when the thread has begun a segment. It keeps no process alive. */
  static async start(ring: Ring, data: JournalThreadData): Promise<JournalWorker> {
    const worker = new Worker(new URL('./journalThread.js', import.meta.url), {
      // Flags of the process may be for its main script only, such as --input-type.
      execArgv: [],
      workerData: data,
      name: 'tidemark journal',
    })
    const started = new JournalWorker(worker, ring)
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('the journal thread has ended before it began')))
    })
    worker.unref()
    return started
  }

  /** Writes what was committed, and ends the thread. */
  async close(): Promise<void> {
    const { i32 } = this.#ring
    if (Atomics.compareExchange(i32, ringHeader.state, ringState.open, ringState.closing) === ringState.open)
      this.#ring.wakeAll()
    this.#worker.ref()
    const timer = setTimeout(() => void this.#worker.terminate(), closeLimitMs)
    await this.#exited
    clearTimeout(timer)
    await this.#writersEnd()
  }

  /** A thread that writes in the journal thread's place must not do so when the folder is given back. */
  async #writersEnd(): Promise<void> {
    for (;;) {
      const writer = Atomics.load(this.#ring.i32, ringHeader.writer)
      if (writer === 0 || isThreadDead(writer)) return
      await delay(writerStepMs)
    }
  }
}
