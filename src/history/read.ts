import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { HistoryBuilder } from './builder.js'
import { EdnReader } from './ednReader.js'
import type { History } from './history.js'
import { JsonReader } from './jsonReader.js'
import { OperationReader } from './operationReader.js'
import { incomplete, type TextReader } from './textReader.js'

export const historyFormats = ['json', 'edn'] as const
export type HistoryFormat = (typeof historyFormats)[number]

export interface ReadOptions {
  /** By default from the file's name (.edn, .json, .jsonl, .ndjson), else from how the text begins. */
  readonly format?: HistoryFormat
  /** Called after each piece of the file with the share that has been read, from 0 to 1. */
  readonly onProgress?: (share: number) => void
}

/**
 * Reads a history from a file: one operation a line or one list of all, as JSON or as EDN. The text is read
 * in pieces, so memory grows with the number of operations and not with the size of the file.
 *
 * @throws HistoryFormatError naming file, line and what was expected; or what `node:fs` throws.
 */
export async function readHistory(file: string, options: ReadOptions = {}): Promise<History> {
  const { size } = await stat(file)
  const pieces = createReadStream(file, { highWaterMark: 4 << 20 })
  let taken = 0
  const text = new HistoryText(options.format ?? formatOfName(file), file)
  for await (const piece of pieces as AsyncIterable<Buffer>) {
    text.add(piece)
    taken += piece.length
    options.onProgress?.(size === 0 ? 1 : Math.min(1, taken / size))
  }
  return text.finish()
}

/** Reads a history from text in memory. */
export function parseHistory(text: string, format?: HistoryFormat): History {
  const history = new HistoryText(format, undefined)
  history.add(Buffer.from(text))
  return history.finish()
}

/** A history whose text comes in pieces. */
class HistoryText {
  readonly #file: string | undefined
  readonly #builder: HistoryBuilder
  #format: HistoryFormat | undefined
  #reader: TextReader | undefined
  #operations: OperationReader | undefined
  /** Of text that has come and is not taken yet: most often, part of an operation. */
  #rest: Buffer = Buffer.alloc(0)
  #isInList = false
  #isFirst = true

  constructor(format: HistoryFormat | undefined, file: string | undefined) {
    this.#file = file
    this.#builder = new HistoryBuilder(file)
    this.#format = format
  }

  add(piece: Buffer): void {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    this.#take(false)
  }

  finish(): History {
    this.#take(true)
    return this.#builder.finish()
  }

  #take(isLast: boolean): void {
    this.#format ??= formatOfText(this.#rest.toString('latin1', 0, 4096), isLast)
    if (this.#format === undefined) return
    const reader = this.#readerOf(this.#format)
    reader.bytes = this.#rest
    reader.end = this.#rest.length
    reader.isLast = isLast
    reader.position = 0
    let begun = reader.mark()
    try {
      while (this.#takeOne(reader)) begun = reader.mark()
    } catch (error) {
      if (error !== incomplete) throw error
      this.#rest = this.#rest.subarray(begun.position)
      reader.reset({ ...begun, position: 0, lineStart: begun.lineStart - begun.position })
      return
    }
    this.#rest = Buffer.alloc(0)
  }

  /** False at the end of the text. */
  #takeOne(reader: TextReader): boolean {
    const first = reader.peek()
    if (first < 0) {
      if (this.#isInList) throw reader.error('the end of the list of operations')
      return false
    }
    if (this.#isInList) {
      if (reader.hasItem(this.#isFirst)) this.#operations!.read()
      else this.#isInList = false
      this.#isFirst = false
      return true
    }
    if (this.#isFirst && reader.openList()) {
      this.#isInList = true
      return true
    }
    this.#operations!.read()
    this.#isFirst = false
    return true
  }

  #readerOf(format: HistoryFormat): TextReader {
    if (this.#reader === undefined) {
      const { table } = this.#builder.columns
      this.#reader = format === 'json' ? new JsonReader(table, this.#file) : new EdnReader(table, this.#file)
      this.#operations = new OperationReader(this.#reader, this.#builder)
    }
    return this.#reader
  }
}

function formatOfName(file: string): HistoryFormat | undefined {
  if (/\.edn$/i.test(file)) return 'edn'
  return /\.(json|jsonl|ndjson)$/i.test(file) ? 'json' : undefined
}

/** JSON has a quoted key and a colon after the first brace; `undefined` when there is too little text yet. */
function formatOfText(text: string, isLast: boolean): HistoryFormat | undefined {
  if (/^[\s\uFEFF[]*\{\s*"(?:[^"\\]|\\.)*"\s*:/.test(text)) return 'json'
  if (/^[\s[]*\{[^]/.test(text) || text.length >= 64 || isLast) return 'edn'
  return undefined
}
