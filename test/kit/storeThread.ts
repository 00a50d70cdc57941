import { Worker, type WorkerOptions } from 'node:worker_threads'
import { type OpenOptions, open, type Store } from 'tidemark'
import { onTestFinished } from 'vitest'

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: RemoteError
}

/** What a worker tells of an error: classes do not cross threads, codes do. */
export interface RemoteError {
  readonly name: string
  readonly code?: string
  readonly message: string
  readonly reason?: string
}

/** A real worker thread that takes commands: those of workers/storeThread.mjs. Ends with its test. */
export class StoreThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  #calls = 0

  constructor(options: WorkerOptions = {}) {
    this.#worker = new Worker(new URL('workers/storeThread.mjs', import.meta.url), options)
    this.#worker.on('message', (reply: Reply) => {
      this.#waiting.get(reply.id)?.(reply)
      this.#waiting.delete(reply.id)
    })
    this.#worker.on('error', (error: Error) => this.#failAll(error))
    onTestFinished(() => this.end())
  }

  /** Rejects with the `RemoteError` if the command throws. */
  async ask<T = unknown>(command: string, ...args: unknown[]): Promise<T> {
    const id = ++this.#calls
    const reply = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve))
    this.#worker.postMessage({ id, command, args })
    const { value, error } = await reply
    if (error !== undefined) throw Object.assign(new Error(error.message), error)
    return value as T
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #failAll({ name, message }: Error): void {
    for (const [id, settle] of this.#waiting) settle({ id, error: { name, message } })
    this.#waiting.clear()
  }
}

let opened = 0

/** A store that workers of this process can attach to; closed when the test is over. */
export async function openShared(options: OpenOptions = {}): Promise<Store> {
  const store = await open({ name: `shared ${++opened}`, memoryLimitBytes: 32 * 1024 ** 2, ...options })
  onTestFinished(() => store.close())
  return store
}

/** Shared words by which jobs of several threads start together and are told to stop. */
export interface Control {
  readonly words: Int32Array
  /** Writes made so far by the jobs that count them. */
  readonly writes: number
  go(): void
  stop(): void
}

export function control(): Control {
  const words = new Int32Array(new SharedArrayBuffer(16))
  const set = (word: number) => {
    Atomics.store(words, word, 1)
    Atomics.notify(words, word)
  }
  return {
    words,
    get writes() {
      return Atomics.load(words, 2)
    },
    go: () => set(0),
    stop: () => set(1),
  }
}
