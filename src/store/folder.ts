import { DirectoryLock } from '../durable/directoryLock.js'
import { newStoreId } from '../durable/storeId.js'
import { JournalWorker } from '../durable/journalWorker.js'
import { NodeDisk } from '../durable/nodeDisk.js'
import { Ring } from '../durable/ring.js'
import type { Engine } from '../mvcc/engine.js'
import { Checkpoints } from './checkpoints.js'
import type { StoreHandle } from './handle.js'
import type { OpenOptions } from './options.js'
import { type Recovered, recover, type RecoverySummary } from './recovery.js'

const journalBufferDefaultBytes: number = 32 * 1024 * 1024
/** A record that nobody waits for may stay in memory for so long. */
const paceMs = 10

/** The store that is being opened: nobody else has its memory yet. */
export interface OpeningStore {
  readonly engine: Engine
  readonly handle: StoreHandle
}

interface Parts {
  readonly handle: StoreHandle
  readonly recovery: RecoverySummary
  readonly checkpoints: Checkpoints
  readonly lock: DirectoryLock
  readonly journal: JournalWorker
}

/**
 * The folder of a store, as the thread that opened it has it: its lock, its journal thread, its checkpoints.
 */
export class StoreFolder {
  /** The store's, with the journal. */
  readonly handle: StoreHandle
  readonly recovery: RecoverySummary
  readonly checkpoints: Checkpoints
  readonly #lock: DirectoryLock
  readonly #journal: JournalWorker

  private constructor({ handle, recovery, checkpoints, lock, journal }: Parts) {
    this.handle = handle
    this.recovery = recovery
    this.checkpoints = checkpoints
    this.#lock = lock
    this.#journal = journal
  }

  /** Locks the folder, recovers what it holds into the engine, and starts its journal. */
  static async open(path: string, options: OpenOptions, store: OpeningStore): Promise<StoreFolder> {
    const disk = NodeDisk.open(path)
    const lock = DirectoryLock.acquire(disk.path)
    try {
      const recovered = await recover(disk, store.engine, options.onRecovery)
      return await begin(disk.path, options, { ...store, ...recovered, lock })
    } catch (error) {
      lock.release()
      throw error
    } finally {
      disk.close()
    }

    async function begin(
      whole: string,
      { segmentBytes, checkpointBytes, ...rest }: OpenOptions,
      { engine, handle, scan, summary }: OpeningStore & Recovered & { lock: DirectoryLock },
    ): Promise<StoreFolder> {
      const storeId = scan.storeId ?? newStoreId()
      const ring = Ring.create(rest.journalBufferBytes ?? journalBufferDefaultBytes, scan.endPosition)
      const place = { path: whole, storeId, segmentBytes }
      const journal = await JournalWorker.start(ring, { ...place, ring: ring.buffer, paceMs })
      const durability = rest.durability ?? 'sync'
      const durable = { ...handle, journal: { ...place, buffer: ring.buffer, durability } }
      const checkpoints = new Checkpoints({
        handle: durable,
        path: whole,
        storeId,
        ring,
        usedBytes: () => engine.usedBytes,
        position: scan.checkpoint?.position ?? scan.segments[0]?.position ?? 0,
        afterBytes: checkpointBytes,
      })
      return new StoreFolder({ handle: durable, recovery: summary, checkpoints, lock, journal })
    }
  }

  /** Ends checkpoints that are under way, writes what has committed, and gives the folder back. */
  async close(): Promise<void> {
    await this.checkpoints.close()
    await this.#journal.close()
    this.#lock.release()
  }
}
