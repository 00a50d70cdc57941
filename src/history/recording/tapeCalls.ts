import type { MicroOperation, OperationType, Value } from '../operation.js'
import { completions, eventKind, kindBits, kindMask, microKinds, valueBits, valueMask } from './tape.js'
import { type TapeChunks, ValueReader } from './tapeReader.js'

/** A call as its thread recorded it; the completion is missing while the tape has not come to it. */
export interface TapeCall {
  readonly process: number
  readonly f: string
  readonly argument: Value
  readonly invokedAt: bigint
  micros: MicroOperation[]
  completion:
    | { readonly type: OperationType; readonly at: bigint; readonly value: Value; readonly error: Value }
    | undefined
}

/** A call, at its invocation or at its completion. */
export interface TapeMoment {
  readonly at: bigint
  readonly isInvocation: boolean
  readonly call: TapeCall
}

/**
 * The calls of one tape, moment by moment. What a transaction has read and written comes after its
 * invocation on the tape, but is told with it, so the moments from the oldest open invocation on are kept in
 * memory.
 */
export class TapeCalls {
  readonly #chunks: TapeChunks
  readonly #reader = new ValueReader()
  readonly #open = new Map<number, TapeCall>()
  #selected: TapeCall | undefined
  #moments: TapeMoment[] = []
  #next = 0
  #isAtEnd = false

  constructor(chunks: TapeChunks) {
    this.#chunks = chunks
  }

  /** The first moment that is not yet taken, with all that is to be known of it; undefined at the end. */
  async head(): Promise<TapeMoment | undefined> {
    for (;;) {
      const moment = this.#moments[this.#next]
      if (moment !== undefined && isKnown(moment)) return moment
      if (this.#isAtEnd) return moment
      await this.#fill()
    }
  }

  /** The same without waiting; undefined when the tape must be read on. */
  get headNow(): TapeMoment | undefined {
    const moment = this.#moments[this.#next]
    return moment !== undefined && (this.#isAtEnd || isKnown(moment)) ? moment : undefined
  }

  take(): void {
    this.#next += 1
  }

  /** Calls without a completion, when the end was reached. */
  get unfinished(): TapeCall[] {
    return [...this.#open.values()]
  }

  async #fill(): Promise<void> {
    this.#moments = this.#moments.slice(this.#next)
    this.#next = 0
    const words = await this.#chunks.next()
    if (words === undefined) {
      this.#isAtEnd = true
      return
    }
    this.#reader.words = words
    this.#reader.at = 0
    while (this.#reader.at < words.length) {
      const head = this.#reader.word()
      if ((head & kindMask) === eventKind.pad) break
      this.#event(head)
    }
  }

  #event(head: number): void {
    const reader = this.#reader
    switch (head & kindMask) {
      case eventKind.invoke:
        this.#invoke(head)
        return
      case eventKind.micro: {
        const key = reader.value((head >> 8) & valueMask)
        const value = reader.value((head >> (8 + valueBits)) & valueMask)
        this.#selected!.micros.push([microKinds[(head >> kindBits) & valueMask]!, key, value])
        return
      }
      case eventKind.restart:
        this.#selected!.micros = []
        return
      case eventKind.complete:
        this.#complete(head)
        return
      case eventKind.select:
        this.#selected = this.#open.get(reader.word())
        return
      case eventKind.large:
        return
      default:
        throw new Error(`tidemark bug: a recorded event of the unknown kind ${head & kindMask}`)
    }
  }

  #invoke(head: number): void {
    const reader = this.#reader
    const process = reader.word()
    const invokedAt = reader.time()
    const isNamed = ((head >> kindBits) & 1) === 1
    const f = isNamed ? (reader.value((head >> 8) & valueMask) as string) : 'txn'
    const argument = isNamed ? reader.value((head >> (8 + valueBits)) & valueMask) : null
    const call: TapeCall = { process, f, argument, invokedAt, micros: [], completion: undefined }
    this.#open.set(process, call)
    this.#selected = call
    this.#moments.push({ at: invokedAt, isInvocation: true, call })
  }

  #complete(head: number): void {
    const reader = this.#reader
    const call = this.#selected!
    const at = reader.time()
    const value = reader.value((head >> 8) & valueMask)
    const error = reader.value((head >> (8 + valueBits)) & valueMask)
    call.completion = { type: completions[(head >> kindBits) & valueMask]!, at, value, error }
    this.#open.delete(call.process)
    this.#moments.push({ at, isInvocation: false, call })
  }
}

function isKnown({ isInvocation, call }: TapeMoment): boolean {
  return !isInvocation || call.completion !== undefined
}
