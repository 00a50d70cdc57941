/** What all clients of a recorded run share: when to stop, and counts. */
export class Tally {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.#words = new Int32Array(buffer)
  }

  static create(clients: number, operationsMax: number): Tally {
    const words = new Int32Array(new SharedArrayBuffer(64))
    words[word.clients] = clients
    words[word.operationsMax] = operationsMax
    return new Tally(words.buffer)
  }

  get clients(): number {
    return this.#words[word.clients]!
  }

  /** Takes one of the operations that are to be done; false when there are no more, or the time is over. */
  claim(): boolean {
    if (Atomics.load(this.#words, word.stopped) !== 0) return false
    return Atomics.add(this.#words, word.claimed, 1) < this.#words[word.operationsMax]!
  }

  /** Whether all clients have come to `awaitOthers`. */
  get areAllThere(): boolean {
    return Atomics.load(this.#words, word.arrived) >= this.clients
  }

  /** Blocks a client's thread until all clients have come here, or the run was stopped. */
  awaitOthers(): void {
    Atomics.add(this.#words, word.arrived, 1)
    Atomics.notify(this.#words, word.arrived)
    for (;;) {
      const arrived = Atomics.load(this.#words, word.arrived)
      if (arrived >= this.clients || Atomics.load(this.#words, word.stopped) !== 0) return
      Atomics.wait(this.#words, word.arrived, arrived, lookAgainMs)
    }
  }

  stop(): void {
    Atomics.store(this.#words, word.stopped, 1)
  }

  note(type: 'ok' | 'fail' | 'info'): void {
    Atomics.add(this.#words, word[type], 1)
  }

  count(type: 'ok' | 'fail' | 'info'): number {
    return Atomics.load(this.#words, word[type])
  }

  /** Counts a write; answers how many there were before. */
  addWrite(): number {
    return Atomics.add(this.#words, word.writes, 1)
  }

  writes(): number {
    return Atomics.load(this.#words, word.writes)
  }
}

/** A thread that waits for the others looks this often whether the run was stopped meanwhile. */
const lookAgainMs = 20

const word = {
  stopped: 0,
  claimed: 1,
  operationsMax: 2,
  clients: 3,
  writes: 4,
  ok: 5,
  fail: 6,
  info: 7,
  arrived: 8,
} as const
