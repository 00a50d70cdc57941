import { frameLengthOf } from './frame.js'
import type { Ring } from './ring.js'
import { ringHeader, ringState, unitBytes } from './ringLayout.js'
import { type SegmentWriter, smallGroupBytes } from './segmentWriter.js'

/** Groups end near this size, so that a long one gives room back before all of it is written. */
const groupBytes = 4 * 1024 * 1024

/**
 * What a writer does: takes what is published, in order, writes it, syncs it, and says so.
 *
 * Room is zeroed and released as soon as its bytes are in the file, before the sync: whoever takes it next
 * needs its first words to be 0, and nothing else of it.
 *
 * All it knows is in the ring, so that writers can take turns, and one can go on where another has died:
 *
 *     write        written is moved behind the group; before that, it is written again, to the same place
 *     release      the room between releasedUnits and written is zeroed, and released
 *     sync         durable becomes written
 *
 * Threads that commit are writers for short groups only, which go into the segment there is, and only behind
 * a writer that has done all three. So after a death it is the journal thread that syncs, whose descriptor is
 * as old as the file: another's sync could miss an error of writing that was told to the dead.
 */
export class Flusher {
  readonly #ring: Ring
  readonly #writer: SegmentWriter

  constructor(ring: Ring, writer: SegmentWriter) {
    this.#ring = ring
    this.#writer = writer
  }

  get hasPublished(): boolean {
    return Atomics.load(this.#ring.words, this.#ring.wordOf(this.#writtenUnits)) !== 0
  }

  /** Whether everything that was claimed has been written. */
  get isDrained(): boolean {
    return Atomics.load(this.#ring.i32, ringHeader.claimedUnits) === this.#writtenUnits
  }

  /** Whether somebody has asked for a new segment, so that a checkpoint can begin where one does. */
  get isRotationAsked(): boolean {
    const { i32 } = this.#ring
    return Atomics.load(i32, ringHeader.segmentsAsked) !== Atomics.load(i32, ringHeader.segmentsBegun)
  }

  /** Begins a new segment if somebody asks for one. What was written before it is synced. */
  rotateIfAsked(): void {
    const { i32 } = this.#ring
    const asked = Atomics.load(i32, ringHeader.segmentsAsked)
    if (asked === i32[ringHeader.segmentsBegun]) return
    this.#writer.rotate()
    Atomics.store(i32, ringHeader.segmentsBegun, asked)
    Atomics.notify(i32, ringHeader.segmentsBegun)
  }

  /** Writes and syncs what is published now, up to a few megabytes. False if there was nothing. */
  step(): boolean {
    // In a full ring, what a dead writer has not zeroed would look published once more.
    this.#release()
    return this.#write(this.#publishedUnits(groupBytes))
  }

  /**
   * Whether a thread that commits may write. Asked by one that is not the writer, it is a guess, and says
   * nothing of the group's length.
   */
  get isPlain(): boolean {
    const ring = this.#ring
    return (
      ring.state === ringState.open &&
      ring.durable === ring.written &&
      Atomics.load(ring.i32, ringHeader.releasedUnits) === this.#writtenUnits &&
      !this.isRotationAsked &&
      this.hasPublished
    )
  }

  /** As `step`, in a thread that commits. False, too, if it is left to the journal thread. */
  stepShort(): boolean {
    if (!this.isPlain) return false
    const lengthUnits = this.#publishedUnits(smallGroupBytes)
    const lengthBytes = lengthUnits * unitBytes
    if (lengthBytes >= smallGroupBytes || !this.#writer.hasRoom(lengthBytes)) return false
    return this.#write(lengthUnits)
  }

  /** The last call: says in the file that nothing comes after what was written. */
  end(): void {
    this.#writer.end(this.#ring.written)
  }

  get #writtenUnits(): number {
    return (this.#ring.written / unitBytes) | 0
  }

  #write(lengthUnits: number): boolean {
    const ring = this.#ring
    if (lengthUnits !== 0) this.#writer.write(ring.written, this.#viewsOf(this.#writtenUnits, lengthUnits))
    this.#release()
    if (ring.durable === ring.written) return false
    this.#writer.sync()
    ring.f64[ringHeader.syncs >> 1]!++
    return true
  }

  #release(): void {
    const { i32 } = this.#ring
    const writtenUnits = this.#writtenUnits
    const releasedUnits = Atomics.load(i32, ringHeader.releasedUnits)
    if (releasedUnits === writtenUnits) return
    for (const view of this.#viewsOf(releasedUnits, (writtenUnits - releasedUnits) | 0)) view.fill(0)
    Atomics.store(i32, ringHeader.releasedUnits, writtenUnits)
    this.#ring.ring(ringHeader.releasedCount)
  }

  /** How much is published without a gap, up to about `limitBytes`. */
  #publishedUnits(limitBytes: number): number {
    const ring = this.#ring
    const { words } = ring
    const start = this.#writtenUnits
    let units = 0
    while (units * unitBytes < limitBytes) {
      const word = Atomics.load(words, ring.wordOf(start + units))
      if (word === 0) break
      units += Math.ceil(frameLengthOf(word) / unitBytes)
      // A lap is all there is.
      if (units * unitBytes >= ring.capacityBytes) break
    }
    return units
  }

  #viewsOf(startUnits: number, lengthUnits: number): Uint8Array[] {
    const { bytes, capacityBytes } = this.#ring
    const start = this.#ring.wordOf(startUnits) * 4
    const end = start + lengthUnits * unitBytes
    if (end <= capacityBytes) return [bytes.subarray(start, end)]
    return [bytes.subarray(start), bytes.subarray(0, end - capacityBytes)]
  }
}
