import { parentPort, workerData } from 'node:worker_threads'
import { Flusher } from './flusher.js'
import { JournalLoop } from './journalLoop.js'
import { nativeThread } from './nativeThread.js'
import { NodeDisk } from './nodeDisk.js'
import { Ring } from './ring.js'
import { ringHeader } from './ringLayout.js'
import { SegmentWriter } from './segmentWriter.js'
import type { SegmentPlace } from './standIn.js'

/** What a journal thread is started with. */
export interface JournalThreadData extends SegmentPlace {
  readonly ring: SharedArrayBuffer
  /** How long a record that nobody waits for may stay in memory. */
  readonly paceMs: number
}

/**
 * The journal thread: writes and syncs, blocking, so that no other thread has to. It begins a new segment
 * at the ring's position, says `ready`, and ends when the ring is closed or the disk has failed.
 */
function main({ ring: buffer, path, storeId, segmentBytes, paceMs }: JournalThreadData): void {
  const ring = Ring.from(buffer)
  const disk = NodeDisk.open(path)
  try {
    const native = nativeThread()
    const position = ring.durable
    const writer = SegmentWriter.begin(disk, { storeId, position, segmentBytes, state: ring.segmentState })
    const loop = new JournalLoop(ring, new Flusher(ring, writer), { native, paceMs })
    ring.i32[ringHeader.nativeThread] = native
    parentPort?.postMessage('ready')
    loop.run()
  } finally {
    disk.close()
  }
}

main(workerData as JournalThreadData)
