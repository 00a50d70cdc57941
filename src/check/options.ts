import type { History } from '../history/history.js'
import type { CheckProgress, Verdict } from './verdict.js'

/** A checker of histories. Checkers of one kind of workload take more options. */
export type Checker<Options extends CheckOptions = CheckOptions> = (
  history: History,
  options: Options,
) => Verdict

/** What every checker of a history takes. */
export interface CheckOptions {
  /** How long the check may take, in milliseconds; then its verdict is `unknown`. Default 60,000. */
  readonly timeMs?: number
  /**
   * What the check may allocate for its search, in bytes, besides the history; then its verdict is `unknown`.
   * Default 1 GiB. An estimate: what the runtime adds to it is not counted.
   */
  readonly memoryBytes?: number
  /**
   * Ends the check with the signal's reason. A check does not yield, so on its own thread only `onProgress`
   * can abort it.
   */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: CheckProgress) => void
}

const defaultTimeMs = 60_000
const defaultMemoryBytes = 2 ** 30
const progressIntervalMs = 100

/** Watches over the limits of one check. */
export class Budget {
  readonly memoryBytes: number
  readonly #timeMs: number
  readonly #options: CheckOptions
  readonly #startMs: number = performance.now()
  #reportedMs: number = Number.NEGATIVE_INFINITY

  constructor(options: CheckOptions) {
    this.#options = options
    this.#timeMs = limit('timeMs', options.timeMs ?? defaultTimeMs)
    this.memoryBytes = limit('memoryBytes', options.memoryBytes ?? defaultMemoryBytes)
  }

  get elapsedMs(): number {
    return performance.now() - this.#startMs
  }

  /** Time left, 0 or more. */
  get leftMs(): number {
    return Math.max(0, this.#timeMs - this.elapsedMs)
  }

  /** A budget for a part of the check, from now on. */
  slice(timeMs: number): Budget {
    return new Budget({
      ...this.#options,
      timeMs: Math.min(timeMs, this.leftMs),
      memoryBytes: this.memoryBytes,
    })
  }

  /** The sentence for a verdict when a limit is met. To be asked every few thousand steps. */
  exceeded(usedBytes: number): string | undefined {
    this.#options.signal?.throwIfAborted()
    if (this.elapsedMs > this.#timeMs) return this.timeSentence()
    return usedBytes > this.memoryBytes ? this.memorySentence() : undefined
  }

  timeSentence(): string {
    return `the check met its time limit of ${Math.round(this.#timeMs)} ms; with a larger timeMs it may be decided`
  }

  memorySentence(): string {
    return `the check met its memory limit of ${this.memoryBytes} bytes; with a larger memoryBytes it may be decided`
  }

  report(phase: string, share: number): void {
    const nowMs = performance.now()
    if (nowMs - this.#reportedMs < progressIntervalMs) return
    this.#reportedMs = nowMs
    this.#options.onProgress?.({ phase, share })
  }
}

function limit(name: string, value: number): number {
  if (!(value >= 0)) throw new RangeError(`${name} is ${value}: expected 0 or more`)
  return value
}
