import { availableParallelism } from 'node:os'
import { frameLengthOf } from './frame.js'
import type { Ring } from './ring.js'
import { ringHeader, ringState, unitBytes, writerSleep } from './ringLayout.js'
import type { SegmentWriter } from './segmentWriter.js'

/** Groups end near this size, so that a long one gives room back before all of it is written. */
const groupBytes = 4 * 1024 * 1024
/** An idle journal thread looks around at least so often. */
const idleStepMs = 1000
/**
 * For so long it looks for work before it sleeps, if the last work came as soon: who awaits each of its
 * commits has the next one ready by then, and to wake a thread takes a third of the time of a sync.
 */
const watchMs = 0.06
const canWatch = availableParallelism() > 1

/**
 * The journal thread's part: takes what is published, in order, writes it, syncs it, and says so.
 *
 * Room is zeroed and released as soon as its bytes are in the file, before the sync: whoever takes it next
 * needs its first words to be 0, and nothing else of it.
 */
export class Flusher {
  readonly #ring: Ring
  readonly #writer: SegmentWriter
  /** Where the next group begins: as a count of units, and as a position. */
  #units: number
  #position: number
  /** Whether the last idle time was about as short as it may watch. */
  #wasIdleShort = false

  constructor(ring: Ring, writer: SegmentWriter) {
    this.#ring = ring
    this.#writer = writer
    this.#position = ring.durable
    this.#units = (this.#position / unitBytes) | 0
  }

  get hasPublished(): boolean {
    return Atomics.load(this.#ring.words, this.#ring.wordOf(this.#units)) !== 0
  }

  /** Whether everything that was claimed has been written. */
  get isDrained(): boolean {
    return Atomics.load(this.#ring.i32, ringHeader.claimedUnits) === this.#units
  }

  /**
   * Begins a new segment if somebody asks for one, so that a checkpoint can begin where a segment does. What
   * was written before it is synced.
   */
  rotateIfAsked(): void {
    const { i32, f64 } = this.#ring
    const asked = Atomics.load(i32, ringHeader.segmentsAsked)
    if (asked === i32[ringHeader.segmentsBegun]) return
    this.#writer.rotate()
    f64[ringHeader.segment >> 1] = this.#writer.segmentPosition
    Atomics.store(i32, ringHeader.segmentsBegun, asked)
    Atomics.notify(i32, ringHeader.segmentsBegun)
  }

  /** Writes and syncs what is published now, up to a few megabytes. False if there was nothing. */
  step(): boolean {
    const lengthUnits = this.#publishedUnits()
    if (lengthUnits === 0) return false
    const views = this.#viewsOf(lengthUnits)
    this.#writer.write(this.#position, views)
    for (const view of views) view.fill(0)
    this.#units = (this.#units + lengthUnits) | 0
    this.#position += lengthUnits * unitBytes
    const { i32, f64 } = this.#ring
    f64[ringHeader.released >> 1] = this.#position
    Atomics.store(i32, ringHeader.releasedUnits, this.#units)
    this.#ring.ring(ringHeader.releasedCount)
    this.#writer.sync()
    f64[ringHeader.durable >> 1] = this.#position
    f64[ringHeader.syncs >> 1]!++
    this.#ring.ring(ringHeader.durableCount)
    return true
  }

  /**
   * Steps until the ring is closed and drained. A failure of the disk ends it too: it is noted in the ring,
   * and nothing is acknowledged any more.
   */
  run(paceMs: number): void {
    const { i32 } = this.#ring
    try {
      for (;;) {
        this.rotateIfAsked()
        if (!this.hasPublished) {
          if (this.#isEnding) break
          this.#idle()
          continue
        }
        if (!this.#isPressed) this.#sleep(writerSleep.pacing, paceMs)
        Atomics.store(i32, ringHeader.demand, 0)
        this.step()
      }
      this.#writer.end(this.#position)
      this.#ring.setState(ringState.closed)
    } catch (error) {
      this.#ring.fail(error)
    }
  }

  /** Whether somebody waits, or soon will have to. */
  get #isPressed(): boolean {
    const { i32, capacityBytes, state } = this.#ring
    const usedUnits = (Atomics.load(i32, ringHeader.claimedUnits) - this.#units) >>> 0
    return (
      Atomics.load(i32, ringHeader.demand) !== 0 ||
      usedUnits * unitBytes > capacityBytes / 2 ||
      state !== ringState.open
    )
  }

  #idle(): void {
    const startedMs = performance.now()
    if (!canWatch || !this.#wasIdleShort || !this.#watch(startedMs + watchMs))
      this.#sleep(writerSleep.idle, idleStepMs)
    this.#wasIdleShort = performance.now() - startedMs < 2 * watchMs
  }

  /** Looks for work without sleeping. False if there was none. */
  #watch(untilMs: number): boolean {
    do {
      if (this.#hasWork) return true
    } while (performance.now() < untilMs)
    return false
  }

  /**
   * Sleeps until woken. It says that it sleeps before it looks for work once more, and others publish work
   * before they look whether it sleeps, so one of the two sees the other.
   */
  #sleep(sleep: number, limitMs: number): void {
    const { i32 } = this.#ring
    Atomics.store(i32, ringHeader.sleep, sleep)
    const isWanted = sleep === writerSleep.idle ? this.#hasWork : this.#isPressed || this.#isRotationAsked
    if (!isWanted) Atomics.wait(i32, ringHeader.sleep, sleep, limitMs)
    Atomics.store(i32, ringHeader.sleep, writerSleep.awake)
  }

  /** Whether there is anything to do for one that is idle. */
  get #hasWork(): boolean {
    return this.hasPublished || this.#isEnding || this.#isRotationAsked
  }

  get #isRotationAsked(): boolean {
    const { i32 } = this.#ring
    return Atomics.load(i32, ringHeader.segmentsAsked) !== i32[ringHeader.segmentsBegun]
  }

  get #isEnding(): boolean {
    return this.#ring.state !== ringState.open && this.isDrained
  }

  /** How much is published without a gap. */
  #publishedUnits(): number {
    const { words } = this.#ring
    const ring = this.#ring
    let units = 0
    while (units * unitBytes < groupBytes) {
      const word = Atomics.load(words, ring.wordOf(this.#units + units))
      if (word === 0) break
      units += Math.ceil(frameLengthOf(word) / unitBytes)
      // A lap is all there is.
      if (units * unitBytes >= ring.capacityBytes) break
    }
    return units
  }

  #viewsOf(lengthUnits: number): Uint8Array[] {
    const { bytes, capacityBytes } = this.#ring
    const start = this.#ring.wordOf(this.#units) * 4
    const end = start + lengthUnits * unitBytes
    if (end <= capacityBytes) return [bytes.subarray(start, end)]
    return [bytes.subarray(start), bytes.subarray(0, end - capacityBytes)]
  }
}
