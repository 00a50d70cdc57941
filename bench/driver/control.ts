import { Histogram } from './histogram.js'

/** What the threads of a run are to do. The order matters: a run only ever goes forward. */
export const phases = { ready: 0, warmup: 1, timed: 2, stop: 3 } as const
export type Phase = (typeof phases)[keyof typeof phases]

const phaseBytes = 64
const numbersPerThread = 8
const threadBytes = numbersPerThread * Float64Array.BYTES_PER_ELEMENT + Histogram.byteLength

/**
 * One thread's part of the shared block: it alone writes, others read, so no atomics are needed; the live
 * count may lag, and after the thread's end everything is there.
 */
export class ThreadReport {
  readonly latency: Histogram
  readonly #numbers: Float64Array

  constructor(buffer: SharedArrayBuffer, byteOffset: number) {
    this.#numbers = new Float64Array(buffer, byteOffset, numbersPerThread)
    this.latency = new Histogram(buffer, byteOffset + this.#numbers.byteLength)
  }

  get committed(): number {
    return this.#numbers[0]!
  }

  set committed(count: number) {
    this.#numbers[0] = count
  }

  /** How long this thread's timed phase took, by its own clock. */
  get seconds(): number {
    return this.#numbers[1]!
  }

  set seconds(seconds: number) {
    this.#numbers[1] = seconds
  }

  get checksum(): number {
    return this.#numbers[2]!
  }

  set checksum(checksum: number) {
    this.#numbers[2] = checksum
  }
}

/**
 * The shared block by which the main thread steers a run and gets its results, without a message in the hot
 * loop.
 */
export class RunControl {
  readonly buffer: SharedArrayBuffer
  readonly #phase: Int32Array

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.#phase = new Int32Array(buffer, 0, 1)
  }

  static forThreads(threads: number): RunControl {
    return new RunControl(new SharedArrayBuffer(phaseBytes + threads * threadBytes))
  }

  get phase(): Phase {
    return Atomics.load(this.#phase, 0) as Phase
  }

  enter(phase: Phase): void {
    Atomics.store(this.#phase, 0, phase)
    Atomics.notify(this.#phase, 0)
  }

  /** Blocks the calling thread until the run begins. */
  awaitStart(): void {
    Atomics.wait(this.#phase, 0, phases.ready)
  }

  report(thread: number): ThreadReport {
    return new ThreadReport(this.buffer, phaseBytes + thread * threadBytes)
  }
}
