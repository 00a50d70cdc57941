import type { Counters } from './target.js'

/** For targets that do not say what they use: by how much the process has grown since this was made. */
export class ResidentMemory {
  readonly #before: number = process.memoryUsage.rss()

  counters(aborts: Readonly<Record<string, number>> = {}): Counters {
    return { memoryBytes: Math.max(0, process.memoryUsage.rss() - this.#before), aborts }
  }
}
