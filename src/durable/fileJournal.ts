import { setImmediate as nextTurn } from 'node:timers/promises'
import { Appender } from './appender.js'
import { CheckpointWriter, removeObsolete } from './checkpointFile.js'
import { crc32cSeed } from './crc32c.js'
import { DirectoryLock } from './directoryLock.js'
import { Durability } from './durability.js'
import { JournalClosedError, JournalOptionError, JournalPositionError, PayloadError } from './errors.js'
import { nextFencingToken } from './fence.js'
import { frameKind } from './frame.js'
import type { Journal, JournalEntry, JournalPosition, JournalStatus } from './journal.js'
import { readEntries } from './journalReader.js'
import { JournalWorker } from './journalWorker.js'
import { isThreadDead } from './nativeThread.js'
import { NodeDisk } from './nodeDisk.js'
import { Ring } from './ring.js'
import { capacityMaxBytes, capacityMinBytes, ringState } from './ringLayout.js'
import { segmentDefaultBytes } from './segmentWriter.js'
import { newStoreId } from './storeId.js'
import { repairStore, scanStore, type StoreScan } from './storeScan.js'

export interface JournalOptions {
  /** Entries wait in a buffer of this size, and must fit into it: a power of two, 8 MiB by default. */
  readonly bufferBytes?: number
  /** How long a file becomes before the next one is begun: 64 MiB by default. */
  readonly segmentBytes?: number
}

const bufferDefaultBytes = 8 * 1024 * 1024
const segmentMinBytes = 4096
/** How long an entry that nobody waits for may stay in memory. */
const paceMs = 10
const durabilityLimitMs = 60_000
/** Only the thread that opened the journal appends to it. */
const site = 1
const positionDigits = 16

/**
 * Opens the journal in a directory, or begins one, in this thread. A torn end, which a crash leaves, is cut
 * off. Nothing but entries of this interface may be in the directory.
 *
 * Throws `StoreLockedError` while another process, or another journal of this one, has it open;
 * `JournalDamagedError` and `JournalVersionError`; `PayloadError` if it is a store's; `JournalOptionError`;
 * and errors of the file system. Takes time proportional to what is in the journal.
 */
export async function openJournal(path: string, options: JournalOptions = {}): Promise<Journal> {
  requireOptions(options)
  const disk = NodeDisk.open(path)
  let lock: DirectoryLock | undefined
  try {
    lock = DirectoryLock.acquire(disk.path)
    const scan = await scanEntries(disk)
    repairStore(disk, scan)
    const fencingToken = nextFencingToken(disk)
    const storeId = scan.storeId ?? newStoreId()
    const ring = Ring.create(options.bufferBytes ?? bufferDefaultBytes, scan.endPosition)
    const worker = await JournalWorker.start(ring, {
      ring: ring.buffer,
      path: disk.path,
      storeId,
      segmentBytes: options.segmentBytes,
      paceMs,
    })
    const begin = scan.checkpoint?.position ?? scan.segments[0]?.position ?? 0
    return new FileJournal({ disk, lock, ring, worker, storeId, begin, fencingToken })
  } catch (error) {
    lock?.release()
    disk.close()
    throw error
  }
}

function requireOptions({
  bufferBytes = bufferDefaultBytes,
  segmentBytes = segmentDefaultBytes,
}: JournalOptions) {
  const isPower = Number.isInteger(Math.log2(bufferBytes))
  if (!isPower || bufferBytes < capacityMinBytes || bufferBytes > capacityMaxBytes)
    throw new JournalOptionError(
      'bufferBytes',
      bufferBytes,
      `a power of two from ${capacityMinBytes} to ${capacityMaxBytes}`,
    )
  if (!Number.isSafeInteger(segmentBytes) || segmentBytes < segmentMinBytes)
    throw new JournalOptionError('segmentBytes', segmentBytes, `a whole number from ${segmentMinBytes}`)
}

async function scanEntries(disk: NodeDisk): Promise<StoreScan> {
  const steps = scanStore(disk, ({ kind }) => {
    if (kind !== frameKind.entry)
      throw new PayloadError(`${disk.path} holds a store: open it with \`open\`, not as a journal`)
  })
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await nextTurn()
  }
}

interface Parts {
  readonly disk: NodeDisk
  readonly lock: DirectoryLock
  readonly ring: Ring
  readonly worker: JournalWorker
  readonly storeId: Uint8Array
  readonly begin: number
  readonly fencingToken: number
}

class FileJournal implements Journal {
  readonly fencingToken: number
  readonly #parts: Parts
  readonly #appender: Appender
  readonly #durability: Durability
  #begin: number
  #closing: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.fencingToken = parts.fencingToken
    this.#begin = parts.begin
    this.#appender = new Appender(parts.ring, site, crc32cSeed(parts.storeId))
    this.#durability = new Durability(parts.ring, isThreadDead)
  }

  append(...payloads: readonly Uint8Array[]): JournalPosition[] {
    this.#requireOpen()
    try {
      return payloads.map((payload) => positionOf(this.#append(payload)))
    } finally {
      this.#appender.wake()
    }
  }

  async commit(...payloads: readonly Uint8Array[]): Promise<JournalPosition[]> {
    const positions = this.append(...payloads)
    const last = positions.at(-1)
    if (last !== undefined) await this.whenDurable(last)
    return positions
  }

  async whenDurable(position: JournalPosition): Promise<void> {
    const offset = this.#offsetOf(position)
    if (offset >= this.#parts.ring.tail) throw new JournalPositionError(position, 'nothing is there yet')
    // Frames become durable whole: once anything of one is, all of it is.
    await this.#durability.whenDurable(offset + 1, durabilityLimitMs, undefined)
  }

  async flush(): Promise<void> {
    await this.#durability.whenDurable(this.#parts.ring.tail, durabilityLimitMs, undefined)
  }

  *read(from?: JournalPosition): Generator<JournalEntry, void, void> {
    this.#requireOpen()
    const start = from === undefined ? this.#begin : this.#offsetOf(from)
    const { disk, ring } = this.#parts
    for (const { position, payload } of readEntries(disk, { start, end: ring.durable }))
      yield { position: positionOf(position), payload }
  }

  async truncateBefore(position: JournalPosition): Promise<void> {
    const offset = this.#offsetOf(position)
    const { disk, ring, storeId } = this.#parts
    if (offset > ring.tail) throw new JournalPositionError(position, 'nothing is there yet')
    await this.#durability.whenDurable(offset, durabilityLimitMs, undefined)
    this.#requireOpen()
    if (offset <= this.#begin) return
    // A checkpoint of nothing says, durably, that what is before it is gone on purpose.
    new CheckpointWriter(disk, storeId, offset).install(offset)
    this.#begin = offset
    removeObsolete(disk, offset)
  }

  status(): JournalStatus {
    const { ring } = this.#parts
    const isFailed = ring.state === ringState.failed
    return {
      state: isFailed ? 'failed' : this.#closing === undefined ? 'open' : 'closed',
      cause: isFailed ? ring.failure().cause : undefined,
      begin: positionOf(this.#begin),
      end: positionOf(ring.tail),
      durable: positionOf(ring.durable),
      syncs: ring.syncs,
    }
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    const { disk, lock, ring, worker } = this.#parts
    try {
      await worker.close()
      await this.#durability.close()
      if (ring.state === ringState.failed) throw ring.failure()
    } finally {
      disk.close()
      lock.release()
    }
  }

  #append(payload: Uint8Array): number {
    const appender = this.#appender
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
    appender.claim(bytes.length)
    const checksum = appender.checksum(bytes, 0, bytes.length)
    const position = appender.take()
    appender.write({ kind: frameKind.entry, position, payloadBytes: bytes.length, checksum }, bytes)
    appender.publish()
    return position
  }

  #offsetOf(position: JournalPosition): number {
    const offset = /^[0-9a-f]{16}$/.test(position) ? Number.parseInt(position, 16) : -1
    if (offset < 0) throw new JournalPositionError(position, 'it is no position of a journal')
    if (offset < this.#begin) throw new JournalPositionError(position, 'it was truncated away')
    return offset
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new JournalClosedError()
  }
}

function positionOf(offset: number): JournalPosition {
  return offset.toString(16).padStart(positionDigits, '0') as JournalPosition
}
