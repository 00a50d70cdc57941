import { workerData } from 'node:worker_threads'
import { Flusher } from './flusher.js'
import { NodeDisk } from './nodeDisk.js'
import { Ring } from './ring.js'
import { ringHeader } from './ringLayout.js'
import { SegmentWriter } from './segmentWriter.js'

/** The journal thread: nothing but writes and syncs, blocking, so that nobody else ever does. */
export interface JournalThreadData {
  readonly ring: SharedArrayBuffer
  readonly path: string
  readonly storeId: Uint8Array
  readonly segmentBytes: number
  readonly paceMs: number
  /** The operating system's number of a thread, where it tells. */
  readonly nativeThread?: number
}

const data = workerData as JournalThreadData
const ring = Ring.from(data.ring)
const disk = new NodeDisk(data.path)
