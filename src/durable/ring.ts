import { TidemarkError } from '../errors.js'
import { JournalFailedError } from './errors.js'
import {
  capacityMaxBytes,
  capacityMinBytes,
  failureLimitBytes,
  ringDataBytes,
  ringHeader,
  ringMagic,
  ringState,
  ringVersion,
  unitBytes,
  writerSleep,
} from './ringLayout.js'
import { segmentStateLength } from './segmentState.js'

/** The ring as any thread sees it: its words, its state, and the bells that wake the others. */
export class Ring {
  readonly buffer: SharedArrayBuffer
  readonly capacityBytes: number
  readonly i32: Int32Array
  readonly f64: Float64Array
  /** The data alone. */
  readonly bytes: Buffer
  readonly words: Int32Array

  private constructor(buffer: SharedArrayBuffer, capacityBytes: number) {
    this.buffer = buffer
    this.capacityBytes = capacityBytes
    this.i32 = new Int32Array(buffer, 0, ringDataBytes / 4)
    this.f64 = new Float64Array(buffer, 0, ringDataBytes / 8)
    this.bytes = Buffer.from(buffer, ringDataBytes, capacityBytes)
    this.words = new Int32Array(buffer, ringDataBytes, capacityBytes / 4)
  }

  /** A ring for a journal whose next position is `position`. */
  static create(capacityBytes: number, position: number): Ring {
    if (
      !Number.isInteger(capacityBytes) ||
      capacityBytes < capacityMinBytes ||
      capacityBytes > capacityMaxBytes ||
      (capacityBytes & (capacityBytes - 1)) !== 0
    ) {
      throw new RingCapacityError(capacityBytes)
    }
    const ring = new Ring(new SharedArrayBuffer(ringDataBytes + capacityBytes), capacityBytes)
    const { i32, f64 } = ring
    const units = position / unitBytes
    i32[ringHeader.claimedUnits] = i32[ringHeader.tailUnits] = i32[ringHeader.releasedUnits] = units
    f64[ringHeader.written >> 1] = f64[ringHeader.durable >> 1] = position
    i32[ringHeader.capacityBytes] = capacityBytes
    i32[ringHeader.version] = ringVersion
    Atomics.store(i32, ringHeader.magic, ringMagic)
    return ring
  }

  /** The same ring, seen from another thread. */
  static from(buffer: SharedArrayBuffer): Ring {
    const head = buffer.byteLength > ringDataBytes ? new Int32Array(buffer, 0, 16) : undefined
    if (head?.[ringHeader.magic] !== ringMagic || head[ringHeader.version] !== ringVersion) {
      throw new TidemarkError('the buffer is not the ring of a journal of this version of tidemark', {
        code: 'TIDEMARK_RING',
      })
    }
    return new Ring(buffer, head[ringHeader.capacityBytes]!)
  }

  get state(): number {
    return Atomics.load(this.i32, ringHeader.state)
  }

  /** Everything below this position is on disk. */
  get durable(): number {
    return this.f64[ringHeader.durable >> 1]!
  }

  /** Everything below this position is in the file. */
  get written(): number {
    return this.f64[ringHeader.written >> 1]!
  }

  /** What the writers of the journal's segments leave to each other. */
  get segmentState(): Float64Array {
    const start = ringHeader.written >> 1
    return this.f64.subarray(start, start + segmentStateLength)
  }

  /** The position that the next frame will have. */
  get tail(): number {
    return this.positionOf(Atomics.load(this.i32, ringHeader.tailUnits))
  }

  /** How many times the journal has been synced since it was opened. */
  get syncs(): number {
    return this.f64[ringHeader.syncs >> 1]!
  }

  /**
   * The position that a count of units modulo 2^32 stands for. `written` may be read later than the count,
   * and be ahead of it by then.
   */
  positionOf(units: number): number {
    const { written } = this
    return written + ((units - written / unitBytes) | 0) * unitBytes
  }

  /** The word of the data where a count of units leads. */
  wordOf(units: number): number {
    return (units & (this.capacityBytes / unitBytes - 1)) << 1
  }

  /** Asks the journal thread to write and sync now. */
  demandSync(): void {
    Atomics.store(this.i32, ringHeader.demand, 1)
    this.wakeWriter(writerSleep.pacing)
  }

  /** Wakes the journal thread if it sleeps no deeper than this. */
  wakeWriter(deepest: number): void {
    const { i32 } = this
    const sleep = Atomics.load(i32, ringHeader.sleep)
    if (sleep === writerSleep.awake || sleep > deepest) return
    if (Atomics.compareExchange(i32, ringHeader.sleep, sleep, writerSleep.awake) === sleep)
      Atomics.notify(i32, ringHeader.sleep)
  }

  /**
   * Makes this thread the writer, if there is none. Answers who is it then: this one, or another.
   * `native` is this thread's number in the system.
   */
  becomeWriter(native: number): number {
    const found = Atomics.compareExchange(this.i32, ringHeader.writer, 0, native)
    return found === 0 ? native : found
  }

  /**
   * This thread is the writer no more. The bell comes after that: who found it writing, and waits for the
   * bell, may have come too late to be in what was written, and can become the writer now.
   */
  stopWriting(): void {
    Atomics.store(this.i32, ringHeader.writer, 0)
    Atomics.notify(this.i32, ringHeader.writer)
    this.ring(ringHeader.durableCount)
  }

  /** Changes the state, and wakes everybody to see it. */
  setState(state: number): void {
    Atomics.store(this.i32, ringHeader.state, state)
    this.wakeAll()
  }

  /** Wakes everybody who waits for anything. */
  wakeAll(): void {
    this.ring(ringHeader.durableCount)
    this.ring(ringHeader.releasedCount)
    this.wakeWriter(writerSleep.pacing)
  }

  /** Adds to a count, and wakes those who wait for it to change. */
  ring(count: number): void {
    Atomics.add(this.i32, count, 1)
    Atomics.notify(this.i32, count)
  }

  /** The first failure stays; all who wait are rejected with it. */
  fail(error: unknown): void {
    const { i32 } = this
    if (Atomics.compareExchange(i32, ringHeader.failing, 0, 1) !== 0) return
    const { message, code, syscall, path } = error as NodeJS.ErrnoException
    const text = Buffer.from(JSON.stringify({ message: message ?? String(error), code, syscall, path }))
    // What does not fit is dropped whole: half a text is no JSON.
    const known = text.length <= failureLimitBytes ? text : Buffer.from(JSON.stringify({ code, syscall }))
    Buffer.from(this.buffer, ringHeader.failure * 4, failureLimitBytes).set(known)
    i32[ringHeader.failureBytes] = known.length
    this.setState(ringState.failed)
  }

  /** What ended the journal, as an error of this thread. */
  failure(): JournalFailedError {
    const lengthBytes = this.i32[ringHeader.failureBytes]!
    const text = Buffer.from(this.buffer, ringHeader.failure * 4, lengthBytes).toString()
    const { message, ...rest } = JSON.parse(text) as { message: string }
    return new JournalFailedError(Object.assign(new Error(message), rest))
  }
}

export class RingCapacityError extends TidemarkError {
  readonly capacityBytes: number
  constructor(capacityBytes: number) {
    super(
      `journalBufferBytes is ${capacityBytes}, but must be a power of two from ${capacityMinBytes} to ${capacityMaxBytes}`,
      { code: 'TIDEMARK_RING_CAPACITY' },
    )
    this.capacityBytes = capacityBytes
  }
}
