import { crc32cFinish, crc32cUpdate } from './crc32c.js'
import { JournalBufferFullError, JournalClosedError, RecordTooLongError } from './errors.js'
import { frameHeaderBytes, frameKind, frameLengthLimit, frameWord } from './frame.js'
import type { Ring } from './ring.js'
import { ringHeader, ringSlot, ringSlotOf, ringState, unitBytes, writerSleep } from './ringLayout.js'

/** How long a commit waits for room in the ring. */
export const roomWaitMs = 10_000
/** Who has waited so long for room gets it before all others. */
const pressAfterMs = 2
/** Payloads up to this length are copied by a loop. */
const loopedBytes = 1024
/** Waiters look around at least so often: a death rings no bell. */
const roomStepMs = 50

/** What a frame says beside its payload. */
export interface FrameHead {
  readonly kind: number
  readonly position: number
  readonly payloadBytes: number
  /** The CRC state after the payload. */
  readonly checksum: number
}

/**
 * One site's way into the ring.
 *
 *     claim     room is promised; the only step that may wait. Nothing is owned yet
 *     take      the position: one addition, after everything this record depends on has taken its own
 *     publish   the first word of the frame: the journal thread may write it now
 *
 * The slot in the ring says what a dead site has claimed and not taken, or taken and not published. Between
 * an addition to a shared counter and the note of it in the slot there is no call and no loop, so a
 * terminated thread has done both or neither.
 */
export class Appender {
  readonly ring: Ring
  readonly #i32: Int32Array
  readonly #site: number
  readonly #slot: number
  readonly #seed: number

  /** `seed` is the CRC state that every frame of this journal begins with. */
  constructor(ring: Ring, site: number, seed: number) {
    this.ring = ring
    this.#i32 = ring.i32
    this.#site = site
    this.#slot = ringSlotOf(site)
    this.#seed = seed
  }

  /** The CRC state of a payload that is still to be given its position. */
  checksum(payload: Uint8Array, start: number, end: number): number {
    return crc32cUpdate(this.#seed, payload, start, end)
  }

  /**
   * Waits for room for a frame with so many bytes of payload.
   *
   * Throws `RecordTooLongError`, `JournalFailedError`, `JournalClosedError`, and `JournalBufferFullError` if
   * the disk is so slow that there is no room for 10 s; nothing is claimed then.
   */
  claim(payloadBytes: number): void {
    const limit = Math.min(this.ring.capacityBytes, frameLengthLimit) - frameHeaderBytes
    if (payloadBytes > limit) throw new RecordTooLongError(payloadBytes, limit)
    const units = unitsOf(payloadBytes)
    this.#requireOpen()
    if (!this.#mayClaim() || !this.#tryClaim(units)) this.#claimSlow(units)
  }

  /** Gives up what was claimed. */
  unclaim(): void {
    const units = this.#i32[this.#slot + ringSlot.claimedUnits]!
    Atomics.sub(this.#i32, ringHeader.claimedUnits, units)
    this.#i32[this.#slot + ringSlot.claimedUnits] = 0
    this.ring.ring(ringHeader.releasedCount)
  }

  /** Takes the next position, for what was claimed. */
  take(): number {
    const i32 = this.#i32
    const slot = this.#slot
    const units = i32[slot + ringSlot.claimedUnits]!
    const at = Atomics.add(i32, ringHeader.tailUnits, units)
    i32[slot + ringSlot.word] = 0
    i32[slot + ringSlot.takenAt] = at
    i32[slot + ringSlot.takenUnits] = units
    i32[slot + ringSlot.claimedUnits] = 0
    return this.ring.positionOf(at)
  }

  /**
   * Writes all but the first word of the frame at the position taken. `checksum` is that of the payload.
   * `payloadWords` are the payload's bytes as words, if there is such a view: short payloads are then copied
   * faster.
   */
  write(frame: FrameHead, payload: Buffer, payloadWords?: Int32Array): void {
    const at = this.#i32[this.#slot + ringSlot.takenAt]!
    this.#fillHead(at, frame)
    const { payloadBytes } = frame
    if (payloadWords !== undefined && payloadBytes <= loopedBytes)
      this.#copyWords(at, payloadWords, payloadBytes)
    else this.#copyBytes(at, payload, payloadBytes)
    this.#i32[this.#slot + ringSlot.word] = frameWord(frame.kind, frameHeaderBytes + frame.payloadBytes)
  }

  /** Hands the frame to the journal thread. */
  publish(): void {
    const i32 = this.#i32
    const slot = this.#slot
    const first = this.ring.wordOf(i32[slot + ringSlot.takenAt]!)
    Atomics.store(this.ring.words, first, i32[slot + ringSlot.word]!)
    i32[slot + ringSlot.takenUnits] = 0
  }

  /** Tells the journal thread of what was published, in case it sleeps for want of work. */
  wake(): void {
    const { ring } = this
    const isCrowded = ring.tail - ring.written > ring.capacityBytes / 2
    ring.wakeWriter(isCrowded ? writerSleep.pacing : writerSleep.idle)
  }

  /**
   * Completes what a dead site left in the ring: publishes the frame of a transaction that is past its commit
   * point, and so wholly written; other room that it has taken becomes a void frame.
   */
  recoverSite(site: number, isCommitted: boolean): void {
    const i32 = this.#i32
    const slot = ringSlotOf(site)
    Atomics.compareExchange(i32, ringHeader.pressing, site, 0)
    if (i32[slot + ringSlot.takenUnits] !== 0) {
      this.#publishFor(slot, isCommitted ? i32[slot + ringSlot.word]! : 0)
      i32[slot + ringSlot.takenUnits] = 0
      this.ring.demandSync()
    }
    const claimedUnits = i32[slot + ringSlot.claimedUnits]!
    if (claimedUnits === 0) return
    Atomics.sub(i32, ringHeader.claimedUnits, claimedUnits)
    i32[slot + ringSlot.claimedUnits] = 0
    this.ring.ring(ringHeader.releasedCount)
  }

  #publishFor(slot: number, word: number): void {
    const { ring } = this
    const at = this.#i32[slot + ringSlot.takenAt]!
    const first = ring.wordOf(at)
    if (word === 0) {
      const payloadBytes = this.#i32[slot + ringSlot.takenUnits]! * unitBytes - frameHeaderBytes
      const payload = Buffer.alloc(payloadBytes)
      const checksum = this.checksum(payload, 0, payloadBytes)
      const frame = { kind: frameKind.void, position: ring.positionOf(at), payloadBytes, checksum }
      this.#fillHead(at, frame)
      this.#copyBytes(at, payload, payloadBytes)
      Atomics.store(ring.words, first, frameWord(frame.kind, frameHeaderBytes + payloadBytes))
    } else Atomics.store(ring.words, first, word)
  }

  #fillHead(at: number, { kind, position, payloadBytes, checksum }: FrameHead): void {
    const { words } = this.ring
    const first = this.ring.wordOf(at)
    words[first + 1] = crc32cFinish(checksum, frameWord(kind, frameHeaderBytes + payloadBytes), position)
    // Pairs of words never wrap: everything is in units of eight bytes.
    const second = this.ring.wordOf(at + 1)
    words[second] = position % 2 ** 32
    words[second + 1] = Math.floor(position / 2 ** 32)
  }

  #copyBytes(at: number, payload: Buffer, payloadBytes: number): void {
    const { bytes, capacityBytes } = this.ring
    const body = this.ring.wordOf(at + 2) * 4
    const room = Math.min(payloadBytes, capacityBytes - body)
    payload.copy(bytes, body, 0, room)
    if (room < payloadBytes) payload.copy(bytes, 0, room, payloadBytes)
  }

  /** The bytes behind the payload, up to the next word, stay 0. */
  #copyWords(at: number, payload: Int32Array, payloadBytes: number): void {
    const { words, capacityBytes } = this.ring
    const mask = (capacityBytes >> 2) - 1
    const body = this.ring.wordOf(at + 2)
    const whole = payloadBytes >> 2
    for (let i = 0; i < whole; i++) words[(body + i) & mask] = payload[i]!
    const rest = (payloadBytes & 3) << 3
    if (rest !== 0) words[(body + whole) & mask] = payload[whole]! & ~(-1 << rest)
  }

  #mayClaim(): boolean {
    const pressing = this.#i32[ringHeader.pressing]!
    return pressing === 0 || pressing === this.#site
  }

  #tryClaim(units: number): boolean {
    const i32 = this.#i32
    const released = Atomics.load(i32, ringHeader.releasedUnits)
    const claimed = Atomics.add(i32, ringHeader.claimedUnits, units)
    i32[this.#slot + ringSlot.claimedUnits] = units
    if (((claimed + units - released) >>> 0) * unitBytes <= this.ring.capacityBytes) return true
    Atomics.sub(i32, ringHeader.claimedUnits, units)
    i32[this.#slot + ringSlot.claimedUnits] = 0
    return false
  }

  #claimSlow(units: number): void {
    const i32 = this.#i32
    const { ring } = this
    const startedMs = performance.now()
    try {
      for (;;) {
        const count = Atomics.load(i32, ringHeader.releasedCount)
        this.#requireOpen()
        if (this.#mayClaim() && this.#tryClaim(units)) return
        const waitedMs = performance.now() - startedMs
        if (waitedMs > roomWaitMs)
          throw new JournalBufferFullError(units * unitBytes, ring.capacityBytes, waitedMs)
        if (waitedMs > pressAfterMs) Atomics.compareExchange(i32, ringHeader.pressing, 0, this.#site)
        ring.wakeWriter(writerSleep.pacing)
        Atomics.wait(i32, ringHeader.releasedCount, count, waitedMs < pressAfterMs ? 1 : roomStepMs)
      }
    } finally {
      if (Atomics.compareExchange(i32, ringHeader.pressing, this.#site, 0) === this.#site)
        ring.ring(ringHeader.releasedCount)
    }
  }

  #requireOpen(): void {
    const state = Atomics.load(this.#i32, ringHeader.state)
    if (state === ringState.open) return
    throw state === ringState.failed ? this.ring.failure() : new JournalClosedError()
  }
}

function unitsOf(payloadBytes: number): number {
  return Math.ceil((frameHeaderBytes + payloadBytes) / unitBytes)
}
