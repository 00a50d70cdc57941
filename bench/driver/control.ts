import { Histogram } from './histogram.js'

/** What the threads of a run are to do. The order matters: a run only ever goes forward. */
export const phases = { ready: 0, warmup: 1, timed: 2, stop: 3 } as const
export type Phase = (typeof phases)[keyof typeof phases]

/** Words of the shared block's head: the phase, and how many kinds of transactions are told apart. */
const phaseWord = 0
const kindsWord = 1
const headBytes = 64
/** Numbers of a thread before its counts by kind. */
const secondsNumber = 0
const checksumNumber = 1
const firstCount = 2

/**
 * One thread's part of the shared block: it alone writes, others read, so no atomics are needed; the live
 * counts may lag, and after the thread's end everything is there.
 */
export class ThreadReport {
  /** Committed transactions by kind. */
  readonly committed: Float64Array
  /** Latencies by kind. */
  readonly latency: readonly Histogram[]
  readonly #numbers: Float64Array

  constructor(buffer: SharedArrayBuffer, byteOffset: number, kinds: number) {
    this.#numbers = new Float64Array(buffer, byteOffset, firstCount + kinds)
    this.committed = this.#numbers.subarray(firstCount)
    const histograms = byteOffset + this.#numbers.byteLength
    this.latency = Array.from(
      { length: kinds },
      (_, kind) => new Histogram(buffer, histograms + kind * Histogram.byteLength),
    )
  }

  static byteLength(kinds: number): number {
    return (firstCount + kinds) * Float64Array.BYTES_PER_ELEMENT + kinds * Histogram.byteLength
  }

  get committedTotal(): number {
    return this.committed.reduce((sum, count) => sum + count, 0)
  }

  /** How long this thread's timed phase took, by its own clock. */
  get seconds(): number {
    return this.#numbers[secondsNumber]!
  }

  set seconds(seconds: number) {
    this.#numbers[secondsNumber] = seconds
  }

  get checksum(): number {
    return this.#numbers[checksumNumber]!
  }

  set checksum(checksum: number) {
    this.#numbers[checksumNumber] = checksum
  }
}

/**
 * The shared block by which the main thread steers a run and gets its results, without a message in the hot
 * loop.
 */
export class RunControl {
  readonly buffer: SharedArrayBuffer
  readonly #head: Int32Array

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.#head = new Int32Array(buffer, 0, headBytes / Int32Array.BYTES_PER_ELEMENT)
  }

  /** For threads whose work has so many kinds of transactions, counted and timed apart. */
  static forThreads(threads: number, kinds = 1): RunControl {
    const control = new RunControl(
      new SharedArrayBuffer(headBytes + threads * ThreadReport.byteLength(kinds)),
    )
    control.#head[kindsWord] = kinds
    return control
  }

  get phase(): Phase {
    return Atomics.load(this.#head, phaseWord) as Phase
  }

  enter(phase: Phase): void {
    Atomics.store(this.#head, phaseWord, phase)
    Atomics.notify(this.#head, phaseWord)
  }

  /** Blocks the calling thread until the run begins. */
  awaitStart(): void {
    Atomics.wait(this.#head, phaseWord, phases.ready)
  }

  report(thread: number): ThreadReport {
    const kinds = this.#head[kindsWord]!
    return new ThreadReport(this.buffer, headBytes + thread * ThreadReport.byteLength(kinds), kinds)
  }
}
