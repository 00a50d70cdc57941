import type { SharedMemory } from '../memory/sharedMemory.js'
import { versionHeaderBytes, versionHeaderWords, versionLength } from '../mvcc/version.js'
import { nativeText, shortText } from './nativeText.js'
import { latin1 } from './text.js'

/** Texts made by one native call: who keeps one of them keeps the memory of the others too. */
const textsMax = 16
/** Longer texts are worth a call of their own. */
const textBytesMax = 256
/** Texts within so many bytes each, with what lies between them, are read where they are. */
const closeBytes = 256

/** Words are copied by eight, so up to seven beyond a text's own. */
const room = new ArrayBuffer(textsMax * (textBytesMax + 64))
const roomWords = new BigUint64Array(room)
const roomBytes = Buffer.from(room)
const versions = new Int32Array(textsMax)
const lengths = new Int32Array(textsMax)
const places = new Int32Array(textsMax)
/** Where the texts begin, in the string of all. */
const starts = new Int32Array(textsMax)

/**
 * Makes strings of many short Latin-1 texts in shared memory: one string of all, and of that the slices. For
 * texts of 100 characters that takes half of the time of a native call for each. Records that were written
 * one after the other lie close to each other: then the one string is all that lies there, from the first
 * text to the last. Others are gathered first.
 */
export class TextRun {
  readonly #memory: SharedMemory
  readonly #target: (string | undefined)[]
  #count = 0

  /** The strings go to their places in `target`. */
  constructor(memory: SharedMemory, target: (string | undefined)[]) {
    this.#memory = memory
    this.#target = target
  }

  /** Takes the version's value for a place, unless it is no such text: then false. */
  add(version: number, place: number): boolean {
    const { i32 } = this.#memory
    const words = version << 1
    const length = i32[words + versionLength]!
    const isLatin1 = (i32[words + versionHeaderWords]! & 0xff) === latin1
    if (!isLatin1 || length <= shortText || length > textBytesMax) return false
    if (this.#count === textsMax) this.flush()
    const count = this.#count++
    versions[count] = version
    lengths[count] = length
    places[count] = place
    return true
  }

  /** Makes strings of what was taken. */
  flush(): void {
    const count = this.#count
    if (count === 0) return
    let first = 0
    let last = 0
    for (let i = 1; i < count; i++) {
      if (versions[i]! < versions[first]!) first = i
      if (versions[i]! > versions[last]!) last = i
    }
    const all = this.#areClose(first, last) ? this.#readWhereTheyAre(first, last) : this.#gather()
    for (let i = 0; i < count; i++) {
      const start = starts[i]!
      // The first byte tells the form of the text.
      this.#target[places[i]!] = all.substring(start + 1, start + lengths[i]!)
    }
    this.#count = 0
  }

  #areClose(first: number, last: number): boolean {
    const low = versions[first]!
    const high = versions[last]!
    const isNear = (high - low) * 8 <= this.#count * closeBytes
    return isNear && this.#memory.windowOf(low) === this.#memory.windowOf(high)
  }

  /** What lies between the texts may be changing: it gets into the string, and into no slice of it. */
  #readWhereTheyAre(first: number, last: number): string {
    const low = versions[first]!
    for (let i = 0; i < this.#count; i++) starts[i] = (versions[i]! - low) * 8
    const from = this.#memory.offsetOf(low) + versionHeaderBytes
    return nativeText(this.#memory.windowOf(low)).latin1Slice(from, from + starts[last]! + lengths[last]!)
  }

  #gather(): string {
    const { u64 } = this.#memory
    let at = 0
    for (let i = 0; i < this.#count; i++) {
      starts[i] = at * 8
      const source = versions[i]! + versionHeaderWords / 2
      const wordCount = (lengths[i]! + 7) >> 3
      for (let word = 0; word < wordCount; word += 8) {
        const from = source + word
        const to = at + word
        roomWords[to] = u64[from]!
        roomWords[to + 1] = u64[from + 1]!
        roomWords[to + 2] = u64[from + 2]!
        roomWords[to + 3] = u64[from + 3]!
        roomWords[to + 4] = u64[from + 4]!
        roomWords[to + 5] = u64[from + 5]!
        roomWords[to + 6] = u64[from + 6]!
        roomWords[to + 7] = u64[from + 7]!
      }
      at += wordCount
    }
    return nativeText(roomBytes).latin1Slice(0, at * 8)
  }
}
