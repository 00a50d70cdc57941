import { mkdir, readdir, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { newStoreId } from '../durable/storeId.js'
import type { Ring } from '../durable/ring.js'
import { ringState } from '../durable/ringLayout.js'
import { type BackupProgress, runCheckpoint } from './checkpointWorker.js'
import { OptionError } from './errors.js'
import type { StoreHandle } from './handle.js'

const afterDefaultBytes: number = 64 * 1024 * 1024
/** How often the length of the journal is looked at. */
const watchMs = 500
/** After a checkpoint that failed, so much more journal is written before the next try. */
const retryBytes: number = 16 * 1024 * 1024

export interface BackupOptions {
  /** Ends the backup, and removes what it has written. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: BackupProgress) => void
}

export interface CheckpointsOptions {
  readonly handle: StoreHandle
  readonly path: string
  readonly storeId: Uint8Array
  readonly ring: Ring
  readonly usedBytes: () => number
  /** Journal from here on is in no checkpoint. */
  readonly position: number
  readonly afterBytes: number | undefined
}

/** The checkpoints and backups of a store: when they are taken, and that they do not meet. */
export class Checkpoints {
  readonly #options: CheckpointsOptions
  readonly #watch: NodeJS.Timeout
  readonly #closing = new AbortController()
  readonly #running = new Set<Promise<unknown>>()
  #position: number
  #dueBytes: number
  #checkpoint: Promise<void> | undefined
  #failure: Error | undefined

  constructor(options: CheckpointsOptions) {
    this.#options = options
    this.#position = options.position
    this.#dueBytes = options.afterBytes ?? afterDefaultBytes
    this.#watch = setInterval(() => this.#takeIfDue(), watchMs).unref()
  }

  /** Why the last checkpoint that was due was not written; undefined if it was. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Bytes of journal that recovery would read. */
  get journalBytes(): number {
    return this.#options.ring.tail - this.#position
  }

  /**
   * Takes a checkpoint, after the one under way if there is one. It may begin where the journal's segment
   * does, if that is at `youngFrom` or behind it.
   */
  async take(youngFrom?: number): Promise<void> {
    while (this.#checkpoint !== undefined) await this.#checkpoint.catch(() => {})
    this.#checkpoint = this.#track(this.#run(youngFrom))
    try {
      await this.#checkpoint
    } finally {
      this.#checkpoint = undefined
    }
  }

  /** Writes a copy of the store to a folder that is empty or not there yet. */
  async backup(path: string, { signal, onProgress }: BackupOptions): Promise<void> {
    const target = resolve(path)
    const made = await emptyFolder(target)
    const { handle } = this.#options
    // A store of its own: its journal and this one's part ways.
    const storeId = newStoreId()
    const signals = signal === undefined ? [this.#closing.signal] : [signal, this.#closing.signal]
    const run = {
      handle,
      storeId,
      path: target,
      isBackup: true,
      signal: AbortSignal.any(signals),
      onProgress,
    }
    try {
      await this.#track(runCheckpoint(run))
    } catch (error) {
      if (made) await rm(target, { recursive: true, force: true })
      throw error
    }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    clearInterval(this.#watch)
    this.#closing.abort()
    await Promise.allSettled(this.#running)
  }

  async #run(youngFrom?: number): Promise<void> {
    const { handle, storeId, path, afterBytes } = this.#options
    const run = { handle, storeId, path, isBackup: false, youngFrom, signal: this.#closing.signal }
    try {
      const { position } = await runCheckpoint(run)
      this.#position = position
      this.#dueBytes = afterBytes ?? afterDefaultBytes
      this.#failure = undefined
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#failure = error as Error
      this.#dueBytes = this.journalBytes + retryBytes
      throw error
    }
  }

  #takeIfDue(): void {
    const { ring, usedBytes } = this.#options
    const isDue = this.journalBytes > this.#dueBytes && this.journalBytes > usedBytes()
    if (!isDue || this.#checkpoint !== undefined || ring.state !== ringState.open) return
    // A segment that has just begun by itself will do: a new one would cut it off.
    const youngFrom = ring.tail - this.#dueBytes / 2
    // The failure is kept for `stats`; the journal, which is whole, keeps everything until the next try.
    this.take(youngFrom).catch((error: Error) => {
      if (!this.#closing.signal.aborted) process.emitWarning(`a checkpoint failed: ${error.message}`)
    })
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
    }
  }
}

/** Makes the folder, and says whether it was not there. Throws `OptionError` if there is something in it. */
async function emptyFolder(path: string): Promise<boolean> {
  const made = await mkdir(path, { recursive: true })
  if (made !== undefined) return true
  if ((await readdir(path)).length === 0) return false
  throw new OptionError('path', `${path} is not empty: a backup needs a folder of its own`)
}
