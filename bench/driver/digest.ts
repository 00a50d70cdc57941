import { mix32 } from '../generators/random.js'

/**
 * A hash of the work a thread did. What a body adds counts only once its transaction has committed: `begin`
 * at the start of the body forgets what an attempt before it added.
 */
export class WorkDigest {
  #kept = 0
  #pending = 0

  begin(): void {
    this.#pending = this.#kept
  }

  add(number: number): void {
    this.#pending = Math.imul(this.#pending ^ number, 0x0100_0193)
  }

  keep(): void {
    this.#kept = this.#pending
  }

  get value(): number {
    return mix32(this.#kept)
  }
}
