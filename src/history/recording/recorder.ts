import type { Value } from '../operation.js'
import { RecordingError } from './errors.js'
import {
  completions,
  control,
  controlWords,
  eventKind,
  kindBits,
  layoutVersion,
  microKinds,
  Slot,
  valueBits,
  valueKind,
} from './tape.js'

import { shortLength, TapeWriter } from './tapeWriter.js'

/** What a thread needs to record into a recording: can be posted to it, or put into its `workerData`. */
export interface RecordingHandle {
  readonly buffer: SharedArrayBuffer
  readonly folder: string
}

/** Nanoseconds of a clock that all threads of the process share. */
const clock = process.hrtime.bigint

const append = microKinds.indexOf('append')
const write = microKinds.indexOf('w')
const read = microKinds.indexOf('r')

/**
 * Records what one thread's clients do, as they see it. Made by `joinRecording`.
 *
 * Recording an operation takes two readings of the clock and some stores into memory of the thread's own;
 * once in some thousand events, a write of 64 KiB to a file.
 */
export class Recorder {
  /** From 0; no other recorder of the recording has the same. */
  readonly thread: number
  readonly #tape: TapeWriter
  readonly #control: Int32Array
  readonly #idle: RecordedCall[] = []
  readonly #time = new BigUint64Array(1)
  readonly #timeWords = new Int32Array(this.#time.buffer)
  #selected = -1
  #uniques = 0

  /** @internal */
  constructor(slot: Slot, shared: Int32Array, folder: string) {
    this.thread = slot.number
    this.#control = shared
    this.#tape = new TapeWriter(slot, shared, folder)
  }

  /**
   * Notes that an operation is called now; the answer is told how it goes on, and must be told how it ends.
   * Several may be open at once, as those of async clients are: each is a process of its own.
   */
  invoke(f = 'txn', value: Value = null): RecordedCall {
    const call = this.#idle.pop() ?? new RecordedCall(this)
    if (call.process < 0) call.process = Atomics.add(this.#control, control.processes, 1)
    const tape = this.#tape
    if (f === 'txn' && value === null) {
      tape.begin(4)
      tape.word(eventKind.invoke)
      tape.word(call.process)
      this.#now()
    } else {
      const name = tape.kindOf(f)
      const kind = tape.kindOf(value)
      tape.begin(4 + tape.sizeOf(name, f) + tape.sizeOf(kind, value))
      tape.word(eventKind.invoke | (1 << kindBits) | (name << 8) | (kind << (8 + valueBits)))
      tape.word(call.process)
      this.#now()
      tape.value(name, f)
      tape.value(kind, value)
    }
    tape.end()
    this.#selected = call.process
    return call
  }

  /** A number that no other call, of any thread of the recording, answers: a value to write. */
  unique(): number {
    return this.#uniques++ * this.#control[control.capacity]! + this.thread + 1
  }

  /** Ends this thread's part. Operations that are open stay so, as those of a client that crashed. */
  close(): void {
    this.#tape.close()
  }

  /** @internal */
  micro(process: number, f: number, key: Value, value: Value): void {
    const tape = this.#tape
    if (process !== this.#selected) this.#select(process)
    if (typeof key === 'string' && key.length <= shortLength && tape.shortMicro(f, key, value)) return
    const keyKind = tape.kindOf(key)
    const kind = tape.kindOf(value)
    tape.begin(1 + tape.sizeOf(keyKind, key) + tape.sizeOf(kind, value))
    tape.word(eventKind.micro | (f << kindBits) | (keyKind << 8) | (kind << (8 + valueBits)))
    tape.value(keyKind, key)
    tape.value(kind, value)
    tape.end()
  }

  /** @internal */
  restart(process: number): void {
    if (process !== this.#selected) this.#select(process)
    this.#tape.begin(1)
    this.#tape.word(eventKind.restart)
    this.#tape.end()
  }

  /** @internal */
  complete(call: RecordedCall, type: number, value: Value, error: Value): void {
    const tape = this.#tape
    if (call.process !== this.#selected) this.#select(call.process)
    const kind = value === null ? valueKind.nil : tape.kindOf(value)
    const errorKind = error === null ? valueKind.nil : tape.kindOf(error)
    tape.begin(3 + tape.sizeOf(kind, value) + tape.sizeOf(errorKind, error))
    tape.word(eventKind.complete | (type << kindBits) | (kind << 8) | (errorKind << (8 + valueBits)))
    this.#now()
    tape.value(kind, value)
    tape.value(errorKind, error)
    tape.end()
    // What a process with an unknown outcome did may still take effect: nothing follows on it.
    if (completions[type] === 'info') call.process = -1
    this.#idle.push(call)
  }

  #select(process: number): void {
    this.#selected = process
    this.#tape.begin(2)
    this.#tape.word(eventKind.select)
    this.#tape.word(process)
    this.#tape.end()
  }

  #now(): void {
    this.#time[0] = clock()
    this.#tape.word(this.#timeWords[0]!)
    this.#tape.word(this.#timeWords[1]!)
  }
}

/** One operation under way. Not to be used after its end: the object is that of a later operation then. */
export class RecordedCall {
  readonly #recorder: Recorder
  /** @internal -1 when it has none yet. */
  process = -1

  /** @internal */
  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  /** The transaction has read the key: a value, a list of appended elements, or null when there is none. */
  read(key: Value, value: Value): void {
    this.#recorder.micro(this.process, read, key, value)
  }

  /** The transaction has set the key to a value that nobody else gives to it. */
  write(key: Value, value: Value): void {
    this.#recorder.micro(this.process, write, key, value)
  }

  /** The transaction has added an element, one that nobody else adds, to the list of the key. */
  append(key: Value, element: Value): void {
    this.#recorder.micro(this.process, append, key, element)
  }

  /** The transaction is run again from its start: what was noted of it so far has not happened. */
  restart(): void {
    this.#recorder.restart(this.process)
  }

  /** It has happened. `value` is the answer of operations that are not transactions. */
  ok(value: Value = null): void {
    this.#recorder.complete(this, completions.indexOf('ok'), value, null)
  }

  /** It has certainly not happened, and never will. */
  fail(error: Value = null): void {
    this.#recorder.complete(this, completions.indexOf('fail'), null, error)
  }

  /** Whether it has happened, or will, is not known. */
  info(error: Value = null): void {
    this.#recorder.complete(this, completions.indexOf('info'), null, error)
  }
}

/**
 * Makes this thread record into a recording of the process. Each call takes one of the recording's
 * `maxThreads` places.
 *
 * @throws RecordingError when the recording is closed or full, or the handle is none.
 */
export function joinRecording(handle: RecordingHandle): Recorder {
  const { buffer, folder } = (handle ?? {}) as Partial<RecordingHandle>
  if (!(buffer instanceof SharedArrayBuffer) || typeof folder !== 'string')
    throw new RecordingError('joinRecording was given what is not the handle of a recording')
  const shared = controlWords(buffer)
  if (shared[control.version] !== layoutVersion)
    throw new RecordingError('the recording was started by another version of this library')
  if (Atomics.load(shared, control.closed) !== 0)
    throw new RecordingError('the recording is closed: join it before its history is asked for')
  const capacity = shared[control.capacity]!
  const number = Atomics.add(shared, control.joined, 1)
  if (number >= capacity) {
    Atomics.sub(shared, control.joined, 1)
    throw new RecordingError(
      `the recording has been joined ${capacity} times: start it with larger maxThreads`,
    )
  }
  return new Recorder(new Slot(buffer, number), shared, folder)
}
