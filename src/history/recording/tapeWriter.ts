import { closeSync, openSync, writeSync } from 'node:fs'
import { serialize } from 'node:v8'
import type { Value } from '../operation.js'
import { isList } from '../valueText.js'
import { UnrecordableError } from './errors.js'
import {
  chunkWords,
  control,
  eventKind,
  kindBits,
  type Slot,
  tapeFile,
  valueBits,
  valueKind,
} from './tape.js'

/** Strings up to this length are copied by a loop, longer ones by the runtime. */
export const shortLength = 48

/**
 * Appends events to the tape of this thread. An event is `begin(words)`, some words and values, then
 * `end()`.
 * A file that cannot be written ends the tape, but throws nothing: the caller is in the middle of a
 * transaction that has nothing to do with it. Whoever reads the recording is told.
 */
export class TapeWriter {
  readonly #slot: Slot
  readonly #folder: string
  readonly #float = new Float64Array(1)
  readonly #floatWords = new Int32Array(this.#float.buffer)
  /** What is written to: the slot's chunk, or room for an event that is larger. */
  #words: Int32Array
  #bytes: Buffer
  #at = 0
  /** Words of the tape before `#words`. */
  #start = 0
  #file: number | undefined
  /** What `sizeOf` has serialized and `value` has not written yet. */
  readonly #serialized: Buffer[] = []
  readonly #control: Int32Array
  isEnded = false

  constructor(slot: Slot, shared: Int32Array, folder: string) {
    this.#slot = slot
    this.#control = shared
    this.#folder = folder
    this.#words = slot.words
    this.#bytes = slot.bytes
  }

  /** Makes room for an event of at most so many words. */
  begin(words: number): void {
    if (this.#at + words <= chunkWords) return
    this.#nextChunk()
    if (words <= chunkWords) return
    const chunks = Math.ceil((words + 1) / chunkWords)
    this.#words = new Int32Array(chunks * chunkWords)
    this.#bytes = Buffer.from(this.#words.buffer)
    this.word(eventKind.large | (chunks << kindBits))
  }

  /** Publishes the event. */
  end(): void {
    if (this.isEnded) return
    if (this.#words !== this.#slot.words) this.#endLarge()
    this.#slot.published = this.#start + this.#at
  }

  word(word: number): void {
    this.#words[this.#at++] = word
  }

  value(kind: number, value: Value): void {
    switch (kind) {
      case valueKind.int32:
        this.#words[this.#at++] = value as number
        return
      case valueKind.float64:
        this.#float[0] = value as number
        this.#words[this.#at++] = this.#floatWords[0]!
        this.#words[this.#at++] = this.#floatWords[1]!
        return
      case valueKind.latin1:
        this.#latin1(value as string)
        return
      case valueKind.utf8:
        this.#advance(this.#bytes.write(value as string, (this.#at + 1) * 4, 'utf8'))
        return
      case valueKind.int32List:
        this.#list(value as readonly number[])
        return
      case valueKind.serialized:
        this.#advance(this.#serialized.shift()!.copy(this.#bytes, (this.#at + 1) * 4))
        return
      default:
        return
    }
  }

  /**
   * The whole event of a step on a key of a short text, if the value is a small whole number or null; false,
   * with nothing written, if it is not.
   */
  shortMicro(f: number, key: string, value: Value): boolean {
    const isNumber = typeof value === 'number' && (value | 0) === value && !Object.is(value, -0)
    if (!isNumber && value !== null) return false
    this.begin(3 + ((key.length + 3) >> 2))
    const head = this.#at++
    if (!this.#latin1(key)) {
      this.#at = head
      return false
    }
    const kind = isNumber ? valueKind.int32 : valueKind.nil
    this.#words[head] =
      eventKind.micro | (f << kindBits) | (valueKind.latin1 << 8) | (kind << (8 + valueBits))
    if (isNumber) this.#words[this.#at++] = value
    this.end()
    return true
  }

  kindOf(value: Value): number {
    switch (typeof value) {
      case 'number':
        return (value | 0) === value && !Object.is(value, -0) ? valueKind.int32 : valueKind.float64
      case 'string':
        if (value.length <= shortLength && isLatin1(value)) return valueKind.latin1
        return isWellFormed(value) ? valueKind.utf8 : valueKind.serialized
      case 'boolean':
        return value ? valueKind.true : valueKind.false
      case 'object':
        if (value === null) return valueKind.nil
        return isList(value) && value.every(isInt32) ? valueKind.int32List : valueKind.serialized
      default:
        return valueKind.serialized
    }
  }

  /** The most words that the value can take: `value` is called for it next. */
  sizeOf(kind: number, value: Value): number {
    switch (kind) {
      case valueKind.int32:
        return 1
      case valueKind.float64:
        return 2
      case valueKind.latin1:
        return 1 + (((value as string).length + 3) >> 2)
      case valueKind.utf8:
        return 1 + Math.ceil(Buffer.byteLength(value as string) / 4)
      case valueKind.int32List:
        return 1 + (value as readonly Value[]).length
      case valueKind.serialized: {
        const serialized = this.#serialize(value)
        this.#serialized.push(serialized)
        return 1 + Math.ceil(serialized.length / 4)
      }
      default:
        return 0
    }
  }

  /** A value that has no copy, such as a function, fails its event, and leaves nothing for the next. */
  #serialize(value: Value): Buffer {
    try {
      return serialize(value)
    } catch (cause) {
      this.#serialized.length = 0
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new UnrecordableError('a key or value', `${reason} Name it by the options key and value`)
    }
  }

  /** Ends the tape; what was published stays. */
  close(): void {
    this.#cease()
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
    this.#slot.leave()
  }

  /** False if a character is of two bytes; what was written is worth nothing then. */
  #latin1(text: string): boolean {
    const { length } = text
    const words = this.#words
    let at = this.#at
    let all = 0
    let i = 0
    words[at++] = length
    for (; i + 4 <= length; i += 4) {
      const [a, b] = [text.charCodeAt(i), text.charCodeAt(i + 1)]
      const [c, d] = [text.charCodeAt(i + 2), text.charCodeAt(i + 3)]
      all |= a | b | c | d
      words[at++] = a | (b << 8) | (c << 16) | (d << 24)
    }
    let word = 0
    for (let shift = 0; i < length; i++, shift += 8) {
      const code = text.charCodeAt(i)
      all |= code
      word |= code << shift
    }
    if ((length & 3) !== 0) words[at++] = word
    this.#at = at
    return all <= 255
  }

  #list(list: readonly number[]): void {
    this.#words[this.#at++] = list.length
    for (const element of list) this.#words[this.#at++] = element
  }

  /** Bytes were put after the next word: notes there how many. */
  #advance(lengthBytes: number): void {
    this.#words[this.#at] = lengthBytes
    this.#at += 1 + ((lengthBytes + 3) >> 2)
  }

  /** Copies the full chunk to the file; the next event begins another one in its place. */
  #nextChunk(): void {
    if (this.#at < chunkWords) {
      this.#words[this.#at] = eventKind.pad
      if (!this.isEnded) this.#slot.published = this.#start + chunkWords
    }
    this.#save(this.#bytes)
    this.#start += chunkWords
    this.#at = 0
  }

  #endLarge(): void {
    if (this.#at < this.#words.length) this.#words[this.#at] = eventKind.pad
    this.#save(this.#bytes)
    this.#start += this.#words.length
    this.#at = 0
    if (this.isEnded) return
    this.#words = this.#slot.words
    this.#bytes = this.#slot.bytes
  }

  /** What is published stays as it is: later events go nowhere. */
  #cease(): void {
    this.isEnded = true
    this.#words = new Int32Array(chunkWords)
    this.#bytes = Buffer.from(this.#words.buffer)
  }

  #save(bytes: Buffer): void {
    if (this.isEnded) return
    // Nobody will read what comes now, and its folder may be gone.
    if (this.#control[control.closed] !== 0) {
      this.#cease()
      return
    }
    try {
      this.#file ??= openSync(tapeFile(this.#folder, this.#slot.number), 'wx')
      const position = this.#start * 4
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#file, bytes, done, bytes.length - done, position + done)
    } catch (error) {
      this.#slot.errno = (error as NodeJS.ErrnoException).errno ?? -1
      this.#cease()
    }
  }
}

function isInt32(value: Value): boolean {
  return typeof value === 'number' && (value | 0) === value && !Object.is(value, -0)
}

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}

function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255) return false
  return true
}
