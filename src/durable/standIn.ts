import { Flusher } from './flusher.js'
import { nativeThread } from './nativeThread.js'
import { NodeDisk } from './nodeDisk.js'
import type { Ring } from './ring.js'
import { ringHeader } from './ringLayout.js'
import { SegmentWriter } from './segmentWriter.js'

/** Where a journal's segments are, and what they begin with. */
export interface SegmentPlace {
  readonly path: string
  readonly storeId: Uint8Array
  readonly segmentBytes: number | undefined
}

/** `busy`: another thread that commits is at it, and rings the bell when it has done. */
export type StandInAnswer = 'written' | 'busy' | 'declined'

/**
 * Writes the journal in a thread that waits for its commit anyway, and so spares it and the journal thread
 * waking each other. What it declines is left to the journal thread.
 */
export class StandIn {
  readonly #ring: Ring
  readonly #place: SegmentPlace
  readonly #native: number = nativeThread()
  #disk: NodeDisk | undefined
  #flusher: Flusher | undefined

  constructor(ring: Ring, place: SegmentPlace) {
    this.#ring = ring
    this.#place = place
  }

  /** Writes and syncs what is published. An error of the disk is noted in the ring. */
  tryWrite(): StandInAnswer {
    // Where the system does not number threads, nobody could tell that a writer has died.
    if (this.#native === 0) return 'declined'
    const ring = this.#ring
    const writer = Atomics.load(ring.i32, ringHeader.writer)
    if (writer !== 0) return this.#answerOf(writer)
    const flusher = (this.#flusher ??= this.#open())
    if (!flusher.isPlain) return 'declined'
    const first = ring.becomeWriter(this.#native)
    if (first !== this.#native) return this.#answerOf(first)
    try {
      return flusher.stepShort() ? 'written' : 'declined'
    } catch (error) {
      ring.fail(error)
      return 'declined'
    } finally {
      ring.stopWriting()
    }
  }

  close(): void {
    this.#disk?.close()
  }

  #answerOf(writer: number): StandInAnswer {
    return writer === this.#ring.i32[ringHeader.nativeThread] ? 'declined' : 'busy'
  }

  #open(): Flusher {
    const { path, ...options } = this.#place
    this.#disk = NodeDisk.openExisting(path)
    const writer = SegmentWriter.join(this.#disk, { ...options, state: this.#ring.segmentState })
    return new Flusher(this.#ring, writer)
  }
}
