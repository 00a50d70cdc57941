import { parentPort, workerData } from 'node:worker_threads'
import { Flusher } from './flusher.js'
import { nativeThread } from './nativeThread.js'
import { NodeDisk } from './nodeDisk.js'
import { Ring } from './ring.js'
import { ringHeader } from './ringLayout.js'
import { SegmentWriter } from './segmentWriter.js'

/** What a journal thread is started with. */
export interface JournalThreadData {
  readonly ring: SharedArrayBuffer
  readonly path: string
  readonly storeId: Uint8Array
  readonly segmentBytes: number | undefined
  /** How long a record that nobody waits for may stay in memory. */
  readonly paceMs: number
}

/**
 * The journal thread: writes and syncs, blocking, so that no other thread ever does. It begins a new segment
 * at the ring's position, says `ready`, and ends when the ring is closed or the disk has failed.
 */
function main({ ring: buffer, path, storeId, segmentBytes, paceMs }: JournalThreadData): void {
  const ring = Ring.from(buffer)
  const disk = NodeDisk.open(path)
  try {
    const position = ring.durable
    const limits = segmentBytes === undefined ? {} : { segmentBytes }
    const writer = new SegmentWriter(disk, { storeId, position, ...limits })
    const flusher = new Flusher(ring, writer)
    ring.i32[ringHeader.nativeThread] = nativeThread()
    parentPort?.postMessage('ready')
    flusher.run(paceMs)
  } finally {
    disk.close()
  }
}

main(workerData as JournalThreadData)
