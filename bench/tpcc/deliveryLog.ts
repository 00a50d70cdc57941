const numbersPerThread = 8
const delivered = 0
const skipped = 1
const queuedMsMax = 2

/**
 * What the deferred deliveries of all threads came to, in shared memory: the result file of clause 2.7.2.2,
 * added up. Each thread writes its own part.
 */
export class DeliveryLog {
  readonly buffer: SharedArrayBuffer
  readonly #numbers: Float64Array
  readonly #own: number

  constructor(buffer: SharedArrayBuffer, thread = 0) {
    this.buffer = buffer
    this.#numbers = new Float64Array(buffer)
    this.#own = thread * numbersPerThread
  }

  static forThreads(threads: number): DeliveryLog {
    return new DeliveryLog(new SharedArrayBuffer(threads * numbersPerThread * Float64Array.BYTES_PER_ELEMENT))
  }

  /** A delivery has committed, of so many orders, in so many districts of none, so long after its request. */
  add(orders: number, emptyDistricts: number, queuedMs: number): void {
    const numbers = this.#numbers
    numbers[this.#own + delivered]! += orders
    numbers[this.#own + skipped]! += emptyDistricts
    numbers[this.#own + queuedMsMax] = Math.max(numbers[this.#own + queuedMsMax]!, queuedMs)
  }

  get deliveredOrders(): number {
    return this.#of(delivered).reduce((sum, count) => sum + count, 0)
  }

  get skippedDistricts(): number {
    return this.#of(skipped).reduce((sum, count) => sum + count, 0)
  }

  get queuedMsMax(): number {
    return Math.max(...this.#of(queuedMsMax))
  }

  #of(number: number): Float64Array {
    return this.#numbers.filter((_, index) => index % numbersPerThread === number)
  }
}
