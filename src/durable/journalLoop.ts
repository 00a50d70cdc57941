import { availableParallelism } from 'node:os'
import type { Flusher } from './flusher.js'
import { isThreadDead } from './nativeThread.js'
import type { Ring } from './ring.js'
import { ringHeader, ringState, unitBytes, writerSleep } from './ringLayout.js'

/** An idle journal thread looks around at least so often: a death rings no bell. */
const idleStepMs = 1000
/** Another writer that takes longer than this may be dead. */
const writerStepMs = 10
/**
 * For so long it looks for work before it sleeps, if the last work came as soon: who awaits each of its
 * commits has the next one ready by then, and to wake a thread takes a third of the time of a sync.
 */
const watchMs = 0.06
const canWatch = availableParallelism() > 1

export interface JournalLoopOptions {
  /** This thread's number in the system, or 0. */
  readonly native: number
  /** How long what nobody waits for may stay in memory. */
  readonly paceMs: number
}

/** The journal thread's part: writes what others do not, until the ring is closed and drained. */
export class JournalLoop {
  readonly #ring: Ring
  readonly #flusher: Flusher
  readonly #native: number
  readonly #paceMs: number
  /** Whether the last idle time was about as short as it may watch. */
  #wasIdleShort = false

  constructor(ring: Ring, flusher: Flusher, { native, paceMs }: JournalLoopOptions) {
    this.#ring = ring
    this.#flusher = flusher
    this.#native = native
    this.#paceMs = paceMs
  }

  /** A failure of the disk ends it too: it is noted in the ring, and nothing is acknowledged any more. */
  run(): void {
    for (;;) {
      if (!this.#hasWork) this.#idle()
      if (this.#flusher.hasPublished && !this.#isPressed) this.#sleep(writerSleep.pacing, this.#paceMs)
      this.#becomeWriter()
      try {
        this.#turn()
      } catch (error) {
        this.#ring.fail(error)
      } finally {
        this.#ring.stopWriting()
      }
      if (this.#ring.state >= ringState.closed) return
    }
  }

  /** What it does as the writer. */
  #turn(): void {
    const ring = this.#ring
    const flusher = this.#flusher
    if (ring.state >= ringState.closed) return
    flusher.rotateIfAsked()
    // Whoever demands has published before: it is in this step, unless the frame before it is not published.
    if (flusher.hasPublished) Atomics.store(ring.i32, ringHeader.demand, 0)
    flusher.step()
    if (!this.#isEnding) return
    flusher.end()
    ring.setState(ringState.closed)
  }

  /**
   * Waits while another thread writes, which takes one write and one sync. One that has died is a writer no
   * more; what it has left undone, the next step does.
   */
  #becomeWriter(): void {
    const { i32 } = this.#ring
    for (;;) {
      const writer = this.#ring.becomeWriter(this.#native)
      if (writer === this.#native) return
      const isLate = Atomics.wait(i32, ringHeader.writer, writer, writerStepMs) === 'timed-out'
      if (isLate && isThreadDead(writer)) Atomics.compareExchange(i32, ringHeader.writer, writer, 0)
    }
  }

  /** Whether somebody waits, or soon will have to. */
  get #isPressed(): boolean {
    const { i32, capacityBytes, state } = this.#ring
    const usedUnits =
      (Atomics.load(i32, ringHeader.claimedUnits) - Atomics.load(i32, ringHeader.releasedUnits)) >>> 0
    return (
      Atomics.load(i32, ringHeader.demand) !== 0 ||
      usedUnits * unitBytes > capacityBytes / 2 ||
      state !== ringState.open
    )
  }

  /** Returns when there is work, or when it is time to look whether a death has left some. */
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
    const isWanted =
      sleep === writerSleep.idle ? this.#hasWork : this.#isPressed || this.#flusher.isRotationAsked
    if (!isWanted) Atomics.wait(i32, ringHeader.sleep, sleep, limitMs)
    Atomics.store(i32, ringHeader.sleep, writerSleep.awake)
  }

  /** Whether there is anything to do for one that is idle. */
  get #hasWork(): boolean {
    return this.#flusher.hasPublished || this.#isEnding || this.#flusher.isRotationAsked || this.#isStranded
  }

  /** Whether somebody waits for a sync that a writer who has died did not do. */
  get #isStranded(): boolean {
    const ring = this.#ring
    return Atomics.load(ring.i32, ringHeader.demand) !== 0 && ring.durable !== ring.written
  }

  get #isEnding(): boolean {
    return this.#ring.state !== ringState.open && this.#flusher.isDrained
  }
}
