import { type FileHandle, open } from 'node:fs/promises'
import { deserialize } from 'node:v8'
import type { Value } from '../operation.js'
import { RecordingFileError } from './errors.js'
import { chunkWords, eventKind, kindBits, kindMask, type Slot, tapeFile, valueKind } from './tape.js'

/** The chunks of one thread's tape, one after the other, up to what is published when it is opened. */
export class TapeChunks {
  readonly #path: string
  readonly #file: FileHandle | undefined
  /** Words that are in the file. */
  readonly #saved: number
  /** The words after them. */
  readonly #rest: Int32Array
  #at = 0

  private constructor(path: string, file: FileHandle | undefined, saved: number, rest: Int32Array) {
    this.#path = path
    this.#file = file
    this.#saved = saved
    this.#rest = rest
  }

  /** Opens the tape of a thread that is gone, or that goes on: what it adds from now on is left out. */
  static async open(slot: Slot, folder: string): Promise<TapeChunks> {
    const path = tapeFile(folder, slot.number)
    const { published } = slot
    if (published === 0) return new TapeChunks(path, undefined, 0, slot.words.slice(0, 0))
    const start = Math.floor((published - 1) / chunkWords) * chunkWords
    const rest = slot.words.slice(0, published - start)
    // The chunk was copied before the file was looked at: unless that has all of it, nothing else had been
    // written over it in memory.
    const file = await openIfThere(path)
    const bytes = file === undefined ? 0 : (await file.stat()).size
    const isSaved = bytes >= (start + chunkWords) * 4
    if (isSaved) return new TapeChunks(path, file, start + chunkWords, rest.slice(0, 0))
    return new TapeChunks(path, file, start, rest)
  }

  /** The next words, always whole events; undefined at the end of the tape. */
  async next(): Promise<Int32Array | undefined> {
    if (this.#at < this.#saved) {
      const words = await this.#read(1)
      if ((words[0]! & kindMask) !== eventKind.large) return words
      this.#at -= chunkWords
      return this.#read(words[0]! >>> kindBits)
    }
    if (this.#at > this.#saved || this.#rest.length === 0) return undefined
    this.#at += chunkWords
    return this.#rest
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  async #read(chunks: number): Promise<Int32Array> {
    const words = new Int32Array(chunks * chunkWords)
    for (let done = 0; done < words.byteLength; ) {
      const position = this.#at * 4 + done
      const read = await this.#file?.read(words, done, words.byteLength - done, position)
      if (read === undefined || read.bytesRead === 0)
        throw new RecordingFileError(this.#path, `this part of the recording ends early, at byte ${position}`)
      done += read.bytesRead
    }
    this.#at += words.length
    return words
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new RecordingFileError(path, 'this part of the recording cannot be read', cause)
  }
}

/** Takes values out of the words of an event. */
export class ValueReader {
  words: Int32Array = new Int32Array(0)
  at = 0
  readonly #float = new Float64Array(1)
  readonly #floatWords = new Int32Array(this.#float.buffer)

  word(): number {
    return this.words[this.at++]!
  }

  value(kind: number): Value {
    switch (kind) {
      case valueKind.nil:
        return null
      case valueKind.int32:
        return this.word()
      case valueKind.float64:
        this.#floatWords[0] = this.word()
        this.#floatWords[1] = this.word()
        return this.#float[0]!
      case valueKind.latin1:
      case valueKind.utf8:
        return this.#bytes().toString(kind === valueKind.latin1 ? 'latin1' : 'utf8')
      case valueKind.false:
        return false
      case valueKind.true:
        return true
      case valueKind.int32List: {
        const length = this.word()
        this.at += length
        return Array.from(this.words.subarray(this.at - length, this.at))
      }
      case valueKind.serialized:
        return deserialize(this.#bytes()) as Value
      default:
        throw new Error(`tidemark bug: a recorded value of the unknown kind ${kind}`)
    }
  }

  /** Nanoseconds, as the thread's clock gave them. */
  time(): bigint {
    const low = this.word()
    return (BigInt(this.word() >>> 0) << 32n) | BigInt(low >>> 0)
  }

  #bytes(): Buffer {
    const length = this.word()
    const start = this.words.byteOffset + this.at * 4
    this.at += (length + 3) >> 2
    return Buffer.from(this.words.buffer, start, length)
  }
}
