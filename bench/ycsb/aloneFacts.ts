/** What a thread that works alone has to tell besides its report; complete when the thread has ended. */
export class AloneFacts {
  readonly buffer: SharedArrayBuffer
  readonly #numbers: Float64Array

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.#numbers = new Float64Array(buffer)
  }

  static create(): AloneFacts {
    return new AloneFacts(new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT))
  }

  get loadSeconds(): number {
    return this.#numbers[0]!
  }

  get bytesPerRecord(): number {
    return this.#numbers[1]!
  }

  get records(): number {
    return this.#numbers[2]!
  }

  loaded(seconds: number, bytesPerRecord: number): void {
    this.#numbers[0] = seconds
    this.#numbers[1] = bytesPerRecord
  }

  verified(records: number): void {
    this.#numbers[2] = records
  }
}
