import { randomUUID } from 'node:crypto'
import { crc32cSeed } from '../durable/crc32c.js'
import { JournalWorker } from '../durable/journalWorker.js'
import { NodeDisk } from '../durable/nodeDisk.js'
import { Ring } from '../durable/ring.js'
import type { Engine } from '../mvcc/engine.js'
import type { StoreHandle } from './handle.js'
import type { OpenOptions } from './options.js'

const journalBufferDefaultBytes = 32 * 1024 * 1024
/** A record that nobody waits for may stay in memory for so long. */
const paceMs = 10

export interface BackupOptions {
  readonly signal?: AbortSignal
}

/** The folder of a store, as the thread that opened it has it: its lock, its journal, its checkpoints. */
export class StoreFolder {
  readonly handle: StoreHandle
  readonly #journal: JournalWorker

  constructor(handle: StoreHandle, journal: JournalWorker) {
    this.handle = handle
    this.#journal = journal
  }

  static async open(
    path: string,
    options: OpenOptions,
    store: { readonly engine: Engine; readonly handle: StoreHandle },
  ): Promise<StoreFolder> {
    const disk = NodeDisk.open(path)
    disk.close()
    const storeId = Uint8Array.from(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'))
    const ring = Ring.create(options.journalBufferBytes ?? journalBufferDefaultBytes, 0)
    const { segmentBytes } = options
    const journal = await JournalWorker.start(ring, {
      ring: ring.buffer,
      path: disk.path,
      storeId,
      segmentBytes,
      paceMs,
    })
    const handle = {
      ...store.handle,
      journal: {
        buffer: ring.buffer,
        seed: crc32cSeed(storeId),
        durability: options.durability ?? 'sync',
      },
    }
    return new StoreFolder(handle, journal)
  }

  async checkpoint(): Promise<void> {}
  async backup(_path: string, _options: BackupOptions): Promise<void> {}

  async close(): Promise<void> {
    await this.#journal.close()
  }
}
