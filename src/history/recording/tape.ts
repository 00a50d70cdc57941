/**
 * What one thread has recorded: a stream of events in words of 32 bits, which only grows.
 *
 *     | chunk 0 | chunk 1 | ... in a file of the thread | last chunk, in shared memory |
 *
 * An event never crosses the end of a chunk, save one that is larger than a chunk, which takes several of
 * its own. The thread copies a full chunk to its file before it begins the next one in the same memory, and
 * publishes an event (the count `published`) only when it is complete. So whenever the thread dies, what was
 * published is there: a chunk is taken from the file if the file is long enough to have it, and otherwise it
 * is still in memory.
 */
export const chunkWords: number = 16_384
export const chunkBytes: number = chunkWords * 4

/**
 * An event begins with its kind in the low four bits of a word. `large` announces an event that takes
 * several chunks; their count is in the other bits.
 */
export const eventKind = {
  pad: 0,
  invoke: 1,
  micro: 2,
  restart: 3,
  complete: 4,
  select: 5,
  large: 6,
} as const
export const kindBits = 4
export const kindMask = 15

export const microKinds = ['append', 'w', 'r'] as const
/** As `operationTypes` without `invoke`. */
export const completions = ['ok', 'fail', 'info'] as const

/** How a value lies in words after its event's first. */
export const valueKind = {
  nil: 0,
  /** One word. */
  int32: 1,
  /** Two words. */
  float64: 2,
  /** Length in characters, then four characters a word. */
  latin1: 3,
  /** Length in bytes, then the bytes. */
  utf8: 4,
  false: 5,
  true: 6,
  /** Length, then a word each. */
  int32List: 7,
  /** Length in bytes, then what `v8.serialize` makes of it. */
  serialized: 8,
} as const
export const valueBits = 4
export const valueMask = 15

/**
 * The shared memory of a recording:
 *
 *     word 0  version of this layout      word 1  threads at most      word 2  threads that have joined
 *     word 3  processes so far            word 4  1 when closed
 *     then    a slot for each thread: words published (64-bit float), error number, 1 when left; the chunk
 */
export const layoutVersion = 1
export const control = { version: 0, capacity: 1, joined: 2, processes: 3, closed: 4 } as const
const controlBytes = 64
const slotHeaderBytes = 64
const slotBytes = slotHeaderBytes + chunkBytes

/** One thread's part of the shared memory. */
export class Slot {
  readonly number: number
  readonly words: Int32Array
  readonly bytes: Buffer
  readonly #published: Float64Array
  readonly #state: Int32Array

  constructor(buffer: SharedArrayBuffer, number: number) {
    const start = controlBytes + number * slotBytes
    this.number = number
    this.words = new Int32Array(buffer, start + slotHeaderBytes, chunkWords)
    this.bytes = Buffer.from(buffer, start + slotHeaderBytes, chunkBytes)
    this.#published = new Float64Array(buffer, start, 1)
    this.#state = new Int32Array(buffer, start + 8, 2)
  }

  /** Words of the tape that are complete events. */
  get published(): number {
    return this.#published[0]!
  }

  set published(words: number) {
    this.#published[0] = words
  }

  /** The system's number of the error that ended the tape, or 0. */
  get errno(): number {
    return this.#state[0]!
  }

  set errno(number: number) {
    this.#state[0] = number
  }

  get hasLeft(): boolean {
    return Atomics.load(this.#state, 1) !== 0
  }

  leave(): void {
    Atomics.store(this.#state, 1, 1)
  }
}

export function recordingBytes(capacity: number): number {
  return controlBytes + capacity * slotBytes
}

export function controlWords(buffer: SharedArrayBuffer): Int32Array {
  return new Int32Array(buffer, 0, controlBytes / 4)
}

export function tapeFile(folder: string, slot: number): string {
  return `${folder}/${slot}.tape`
}
