import { tupleMeta } from './tuple.js'

/** Encoded keys are at most this long: eleven bits. */
export const keyLengthLimit = 2047

/** Where a key encoder writes: the three bytes before are the tuple's table and length. */
export const keyStart = 3

/**
 * The key that an operation is about, laid out as the key words of a tuple, so that both compare word by
 * word. A site has one per cursor; every operation fills it anew.
 */
export class KeyBuffer {
  readonly words: Int32Array = new Int32Array((keyStart + keyLengthLimit + 33) >> 2)
  readonly bytes: Uint8Array = new Uint8Array(this.words.buffer)
  length = 0
  wordCount = 0
  hash = 0

  /** Completes a key whose encoded bytes end at `end`. */
  seal(table: number, end: number): void {
    const words = this.words
    const length = end - keyStart
    const wordCount = (end + 3) >> 2
    this.length = length
    this.wordCount = wordCount
    const unused = (4 - (end & 3)) & 3
    if (unused !== 0) words[wordCount - 1]! &= -1 >>> (unused << 3)
    words[0] = (words[0]! & 0xff00_0000) | tupleMeta(table, length)
    let hash = wordCount
    for (let i = 0; i < wordCount; i++) hash = mix(hash, words[i]!)
    this.hash = finish(hash)
  }

  /**
   * As `seal`, for a key of nine bytes given as numbers: its first byte, and the next eight as two words, the
   * first byte of each in its highest bits. Three words are the whole key then.
   */
  sealNine(table: number, first: number, upper: number, lower: number): void {
    const words = this.words
    const word0 = (first << 24) | tupleMeta(table, 9)
    const word1 = swapBytes(upper)
    const word2 = swapBytes(lower)
    words[0] = word0
    words[1] = word1
    words[2] = word2
    this.length = 9
    this.wordCount = 3
    this.hash = finish(mix(mix(mix(3, word0), word1), word2))
  }

  /** Takes over raw key bytes. */
  set(table: number, source: Uint8Array, start: number, length: number): void {
    for (let i = 0; i < length; i++) this.bytes[keyStart + i] = source[start + i]!
    this.seal(table, keyStart + length)
  }
}

/** A word of bytes from the first to the last, as little-endian memory holds it. */
function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}

/** MurmurHash3 (Appleby), 32 bits, a word a step. */
function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  const h = hash ^ Math.imul(k, 0x1b873593)
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}
