import { DurabilityTimeoutError, JournalClosedError } from './errors.js'
import type { Ring } from './ring.js'
import { ringHeader, ringState } from './ringLayout.js'
import type { StandIn } from './standIn.js'

/** Used again and again: there are as many as wait at once. */
interface Waiter {
  position: number
  sinceMs: number
  timeoutMs: number
  value: unknown
  resolve: (value: never) => void
  reject: (error: Error) => void
}

/** Where the executor of a promise leaves its two functions: it spares each promise a closure of its own. */
let resolveLast: (value: never) => void
let rejectLast: (error: Error) => void
const nobody = (): void => {}
const leaveFunctions = (resolve: (value: never) => void, reject: (error: Error) => void): void => {
  resolveLast = resolve
  rejectLast = reject
}

/** How often those who wait look at the time, and whether the journal thread is still alive. */
const lookStepMs = 100
/** Another thread that writes for longer may be dead: then the journal thread is asked to see to it. */
const busyStepMs = 10

/**
 * Waits, on one thread, for positions to become durable: blocking, or as promises of which one shared wait
 * serves all.
 */
export class Durability {
  readonly #ring: Ring
  readonly #isThreadDead: (nativeThread: number) => boolean
  readonly #standIn: StandIn | undefined
  /** By position, ascending. */
  #waiters: Waiter[] = []
  readonly #spare: Waiter[] = []
  #isServing = false
  #serving: Promise<void> = Promise.resolve()
  /**
   * A promise of `Atomics.waitAsync` does not keep Node alive; this does, and it looks for a dead journal
   * thread.
   */
  #keepAlive: NodeJS.Timeout | undefined

  /** With a stand-in, a thread that blocks writes itself, if it may. */
  constructor(ring: Ring, isThreadDead: (nativeThread: number) => boolean, standIn?: StandIn) {
    this.#ring = ring
    this.#isThreadDead = isThreadDead
    this.#standIn = standIn
  }

  isDurable(position: number): boolean {
    return position <= this.#ring.durable
  }

  /** Blocks this thread until everything below the position is durable, at most `timeoutMs`. */
  wait(position: number, timeoutMs: number): void {
    const { i32 } = this.#ring
    const startedMs = performance.now()
    // Another thread that commits is waited for without the journal thread, unless it may have died.
    let isPatient = true
    while (!this.isDurable(position)) {
      const leftMs = timeoutMs - (performance.now() - startedMs)
      if (leftMs <= 0) throw new DurabilityTimeoutError(timeoutMs)
      let count = Atomics.load(i32, ringHeader.durableCount)
      const answer = this.#standIn?.tryWrite()
      if (answer === 'written') continue
      const isLeft = answer === 'busy' && isPatient
      if (!isLeft) {
        // Anew: a thread that was the writer and declined has rung the bell itself.
        count = Atomics.load(i32, ringHeader.durableCount)
        this.#ring.demandSync()
      }
      if (this.isDurable(position)) return
      this.#requireAlive(!isPatient)
      const stepMs = Math.min(leftMs, isLeft ? busyStepMs : lookStepMs)
      isPatient = Atomics.wait(i32, ringHeader.durableCount, count, stepMs) !== 'timed-out'
    }
  }

  /**
   * Resolves, with the value, when everything below the position is durable; the time limit is exact to a
   * tenth of a second.
   */
  whenDurable<T>(position: number, timeoutMs: number, value: T): Promise<T> {
    const promise = new Promise<T>(leaveFunctions)
    const waiter = this.#spare.pop() ?? newWaiter()
    waiter.position = position
    waiter.sinceMs = performance.now()
    waiter.timeoutMs = timeoutMs
    waiter.value = value
    waiter.resolve = resolveLast
    waiter.reject = rejectLast
    const waiters = this.#waiters
    let at = waiters.length
    while (at > 0 && waiters[at - 1]!.position > position) at--
    // Nearly always: and it spares the array that `splice` answers.
    if (at === waiters.length) waiters.push(waiter)
    else waiters.splice(at, 0, waiter)
    this.#ring.demandSync()
    if (!this.#isServing) this.#serving = this.#serve()
    return promise
  }

  /** Resolves when nobody waits any more. */
  async close(): Promise<void> {
    await this.#serving
    this.#standIn?.close()
    clearInterval(this.#keepAlive)
    this.#keepAlive = undefined
  }

  async #serve(): Promise<void> {
    const { i32 } = this.#ring
    this.#isServing = true
    this.#keepAlive ??= setInterval(() => this.#lookAround(), lookStepMs)
    this.#keepAlive.ref()
    for (;;) {
      const count = Atomics.load(i32, ringHeader.durableCount)
      this.#look(false)
      if (this.#waiters.length === 0) break
      const waited = Atomics.waitAsync(i32, ringHeader.durableCount, count)
      if (waited.async) await waited.value
      // Those whose commit was not yet taken up when the last sync began.
      if (this.#waiters.length !== 0) this.#ring.demandSync()
    }
    this.#keepAlive?.unref()
    this.#isServing = false
  }

  /** What rings no bell: the end of somebody's time, the death of the journal thread. */
  #lookAround(): void {
    const nowMs = performance.now()
    this.#look(true)
    const late = this.#waiters.filter(({ sinceMs, timeoutMs }) => nowMs - sinceMs > timeoutMs)
    if (late.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => !late.includes(waiter))
    for (const { timeoutMs, reject } of late) reject(new DurabilityTimeoutError(timeoutMs))
  }

  /** Answers those whose wait is over. */
  #look(isLivenessDue: boolean): void {
    const waiters = this.#waiters
    const { durable } = this.#ring
    let done = 0
    while (done < waiters.length && waiters[done]!.position <= durable) {
      const waiter = waiters[done++]!
      waiter.resolve(waiter.value as never)
      waiter.value = undefined
      waiter.resolve = waiter.reject = nobody
      this.#spare.push(waiter)
    }
    if (done !== 0) this.#waiters = waiters.slice(done)
    if (this.#waiters.length === 0) return
    try {
      this.#requireAlive(isLivenessDue)
    } catch (error) {
      this.#rejectAll(error as Error)
    }
  }

  #rejectAll(error: Error): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const { reject } of waiters) reject(error)
  }

  #requireAlive(isLivenessDue: boolean): void {
    const ring = this.#ring
    if (isLivenessDue && ring.state === ringState.open) {
      const native = ring.i32[ringHeader.nativeThread]!
      if (native !== 0 && this.#isThreadDead(native)) ring.fail(new Error('the journal thread has ended'))
    }
    const { state } = ring
    if (state === ringState.failed) throw ring.failure()
    if (state === ringState.closed) throw new JournalClosedError()
  }
}

function newWaiter(): Waiter {
  return { position: 0.5, sinceMs: 0.5, timeoutMs: 0.5, value: undefined, resolve: nobody, reject: nobody }
}
