import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { isThreadDead, nativeThread } from '../durable/nativeThread.js'
import { beginSegment } from '../durable/newSegment.js'
import { NodeDisk } from '../durable/nodeDisk.js'
import { type CheckpointOptions, type WrittenCheckpoint, writeCheckpoint } from './checkpoint.js'
import { enter } from './enter.js'
import type { StoreHandle } from './handle.js'

/** What a checkpoint thread is started with. */
export interface CheckpointThreadData extends CheckpointOptions {
  readonly handle: StoreHandle
  readonly path: string
  /** One word: not 0 when nobody wants the checkpoint any more. */
  readonly cancelled: SharedArrayBuffer
}

/**
 * What a checkpoint thread says: how far it is, and at the end what it has written, or that it was
 * cancelled.
 */
export type CheckpointMessage =
  | { readonly kind: 'progress'; readonly entries: number; readonly totalEntries: number }
  | { readonly kind: 'written'; readonly written: WrittenCheckpoint }
  | { readonly kind: 'cancelled' }

class Cancelled extends Error {}

/**
 * Lower than usual, so that transactions come first; not the lowest, which would get next to nothing beside
 * busy
 * threads, and a checkpoint holds a snapshot. Of two processors that two threads keep busy, it gets a
 * quarter of one.
 */
const priority = 5

/** A checkpoint thread: reads one state of the store and writes it to a folder, then ends. */
function main({ handle, path, cancelled, ...options }: CheckpointThreadData): void {
  lowerPriority()
  const { engine, log, leave } = enter(handle)
  const isCancelled = new Int32Array(cancelled)
  const disk = NodeDisk.open(path)
  try {
    const { ring } = log!.appender
    const begin = (youngFrom?: number) => beginSegment(ring, isThreadDead, youngFrom)
    const store = { engine, ring, disk, beginSegment: begin }
    const written = writeCheckpoint(store, options, (entries) => {
      if (Atomics.load(isCancelled, 0) !== 0) throw new Cancelled()
      say({ kind: 'progress', entries, totalEntries: engine.tupleCount })
    })
    say({ kind: 'written', written })
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error
    say({ kind: 'cancelled' })
  } finally {
    disk.close()
    leave()
  }
}

function say(message: CheckpointMessage): void {
  parentPort?.postMessage(message)
}

/** Only a courtesy: where the system does not grant it, the checkpoint competes like any thread. */
function lowerPriority(): void {
  const native = nativeThread()
  if (native === 0) return
  try {
    setPriority(native, priority)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error
  }
}

main(workerData as CheckpointThreadData)
