/**
 * A place of the search: everything before event `position` has happened, the calls in `words` have taken
 * effect, and the object is in `state`.
 *
 * `words` is a bit set. Its first words are the slots of pending calls whose answer is known; the others are
 * calls of unknown outcome, those of one class side by side in the order of their invocations.
 */
export interface Configuration {
  position: number
  state: number
  readonly words: Int32Array
}

/** An entry: next of its bucket, parent, call that led here, position, state, then the words. */
const headLength = 5
const bucketAt = 0
const parentAt = 1
const viaAt = 2
const positionAt = 3
const stateAt = 4

/**
 * Configurations that the search has been to, so that it goes to each once (Lowe 2017, section 3.2).
 *
 * A configuration is also left out when one that was visited *dominates* it: the same but for calls of
 * unknown outcome, of which it has used fewer. Whatever can follow can follow the visited one too, since no
 * such call ever has to take effect.
 */
export class VisitedSet {
  readonly #knownWords: number
  readonly #stride: number
  readonly #limitBytes: number
  #entries: Int32Array
  #buckets: Int32Array = new Int32Array(64).fill(-1)
  #size = 0
  #isFull = false

  /** @param knownWords how many words, from the first, must be equal and not only fewer */
  constructor(words: number, knownWords: number, limitBytes: number) {
    this.#knownWords = knownWords
    this.#stride = headLength + words
    this.#limitBytes = limitBytes
    this.#entries = new Int32Array(this.#stride * 64)
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#entries.byteLength + this.#buckets.byteLength
  }

  /** True once a configuration was refused because the limit would have been passed. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** The number of the new entry, or -1 when nothing was added: dominated, or full. */
  add(configuration: Configuration, parent: number, via: number): number {
    const { position, state, words } = configuration
    const bucket = this.#hash(configuration) & (this.#buckets.length - 1)
    for (let entry = this.#buckets[bucket]!; entry >= 0; entry = this.#entries[entry * this.#stride]!) {
      if (this.#dominates(entry, configuration)) return -1
    }
    if ((this.#size + 1) * this.#stride > this.#entries.length && !this.#grow()) return -1
    const entries = this.#entries
    const entry = this.#size
    const at = entry * this.#stride
    entries[at + bucketAt] = this.#buckets[bucket]!
    entries[at + parentAt] = parent
    entries[at + viaAt] = via
    entries[at + positionAt] = position
    entries[at + stateAt] = state
    for (let i = 0; i < words.length; i += 1) entries[at + headLength + i] = words[i]!
    this.#buckets[bucket] = entry
    this.#size += 1
    if (this.#size > this.#buckets.length) this.#growBuckets()
    return entry
  }

  load(entry: number, into: Configuration): void {
    const entries = this.#entries
    const at = entry * this.#stride
    into.position = entries[at + positionAt]!
    into.state = entries[at + stateAt]!
    for (let i = 0; i < into.words.length; i += 1) into.words[i] = entries[at + headLength + i]!
  }

  positionOf(entry: number): number {
    return this.#entries[entry * this.#stride + positionAt]!
  }

  stateOf(entry: number): number {
    return this.#entries[entry * this.#stride + stateAt]!
  }

  /** The entry it came from, or -1. */
  parentOf(entry: number): number {
    return this.#entries[entry * this.#stride + parentAt]!
  }

  /** The call that led from the parent to it, or -1. */
  viaOf(entry: number): number {
    return this.#entries[entry * this.#stride + viaAt]!
  }

  #dominates(entry: number, { position, state, words }: Configuration): boolean {
    const entries = this.#entries
    const at = entry * this.#stride
    if (entries[at + positionAt] !== position || entries[at + stateAt] !== state) return false
    const from = at + headLength
    const known = this.#knownWords
    for (let i = 0; i < known; i += 1) if (entries[from + i] !== words[i]) return false
    for (let i = known; i < words.length; i += 1) if ((entries[from + i]! & ~words[i]!) !== 0) return false
    return true
  }

  #hash({ position, state, words }: Configuration): number {
    let mixed = Math.imul(position, 0x9e3779b1) ^ Math.imul(state + 1, 0x85ebca6b)
    for (let i = 0; i < this.#knownWords; i += 1) {
      mixed = Math.imul(mixed ^ (mixed >>> 15) ^ words[i]!, 0x2c1b3c6d)
    }
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x297a2d39)
    return (mixed ^ (mixed >>> 13)) & 0x7fffffff
  }

  /** Twice the room. False, and full from now on, when old and new together would pass the limit. */
  #grow(): boolean {
    if (this.bytes + this.#entries.byteLength * 2 > this.#limitBytes) {
      this.#isFull = true
      return false
    }
    const grown = new Int32Array(this.#entries.length * 2)
    grown.set(this.#entries)
    this.#entries = grown
    return true
  }

  #growBuckets(): void {
    const buckets = new Int32Array(this.#buckets.length * 2).fill(-1)
    const loaded: Configuration = { position: 0, state: 0, words: new Int32Array(this.#stride - headLength) }
    for (let entry = 0; entry < this.#size; entry += 1) {
      this.load(entry, loaded)
      const bucket = this.#hash(loaded) & (buckets.length - 1)
      this.#entries[entry * this.#stride + bucketAt] = buckets[bucket]!
      buckets[bucket] = entry
    }
    this.#buckets = buckets
  }
}
