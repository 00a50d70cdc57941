/**
 * A seeded stream of random numbers (sfc32: 128 bits of state, period at least 2^32, passes PractRand), one
 * per thread. All state is int32, so that a draw allocates nothing; the initial values are what tells V8 to
 * keep the fields as small integers (a field that starts out undefined makes a draw take three times as
 * long).
 */
export class Random {
  #a = 0
  #b = 0
  #c = 0
  #count = 1

  /** Streams of one seed differ in `stream`: give each thread its own. */
  constructor(seed: number, stream = 0) {
    this.#a = seed | 0
    this.#b = stream | 0
    this.#c = Math.floor(seed / 0x1_0000_0000) | 0
    // Similar seeds start out similar; the author of sfc32 asks for 12 rounds before the first use.
    for (let round = 0; round < 12; round += 1) this.uint32()
  }

  /** An integer from 0 up to 2^32 - 1. */
  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count) | 0
    this.#count = (this.#count + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** A number from 0 up to, not including, 1, with 32 bits of resolution. */
  unit(): number {
    return this.uint32() * 2 ** -32
  }

  /** An integer from 0 up to, not including, `bound` (at most 2^32; its bias is at most bound / 2^32). */
  below(bound: number): number {
    return Math.floor(this.uint32() * 2 ** -32 * bound)
  }
}

/**
 * Mixes an int32 so that each input bit changes about half of the output; one to one (MurmurHash3's
 * finalizer).
 */
export function mix32(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The value that `mix32` turned into `hash`, as a uint32. */
export function unmix32(hash: number): number {
  let value = hash
  value = Math.imul(value ^ (value >>> 16), 0x7ed1_b41d)
  value = Math.imul(value ^ (value >>> 13) ^ (value >>> 26), 0xa5cb_9243)
  return (value ^ (value >>> 16)) >>> 0
}
