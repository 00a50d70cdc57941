import { access, constants, type FileHandle, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { getSystemErrorName } from 'node:util'
import { HistoryBuilder } from '../builder.js'
import type { History } from '../history.js'
import type { NewOperation } from '../operation.js'
import { operationToEdn, operationToJson } from '../write.js'
import { RecordingError, RecordingFileError } from './errors.js'
import { mergeTapes, neverEnded } from './merge.js'
import type { RecordingHandle } from './recorder.js'
import { control, controlWords, layoutVersion, recordingBytes, Slot } from './tape.js'
import { TapeCalls } from './tapeCalls.js'
import { TapeChunks } from './tapeReader.js'

const maxThreadsDefault = 256
const maxThreadsLimit = 16_384

export interface RecordingOptions {
  /**
   * Where threads put what memory does not keep, in a folder that is made and removed again: about 20 bytes
   * for each micro-operation and 28 for each transaction. Default: the system's folder for temporary files.
   */
  readonly folder?: string
  /** How often the recording can be joined; each takes 64 KiB of memory when it is used. Default: 256. */
  readonly maxThreads?: number
}

export interface WrittenHistory {
  readonly path: string
  /** Invocations and completions. */
  readonly operations: number
  /** Calls without an end: they are `info`. */
  readonly unfinished: number
}

/**
 * A recording of what the threads of this process do, under way or ended. Threads join it by its `handle`;
 * when they have closed their recorders, or died, all of it becomes one history.
 */
export class Recording implements AsyncDisposable {
  readonly handle: RecordingHandle
  readonly #start: bigint

  /** @internal */
  constructor(handle: RecordingHandle, start: bigint) {
    this.handle = handle
    this.#start = start
  }

  /**
   * Writes the history to a file, as EDN or JSON lines by its ending (`.edn`, `.jsonl`, `.ndjson` or
   * `.json`).
   * Ends the recording: threads that go on are no longer recorded. Linear; memory is that of what is open at
   * a time.
   *
   * @throws RecordingFileError when the file cannot be written, or a thread could not write its part.
   */
  async write(path: string): Promise<WrittenHistory> {
    const toLine = lineFormat(path)
    const file = await onFile(path, () => open(path, 'w'))
    const written = { path, operations: 0, unfinished: 0 }
    try {
      for await (const batch of this.operations()) {
        written.operations += batch.length
        for (const { error } of batch) if (error === neverEnded) written.unfinished += 1
        await onFile(path, () => writeLines(file, batch, toLine))
      }
    } finally {
      await file.close()
    }
    return written
  }

  /** The history, in memory. Ends the recording as `write` does. */
  async history(): Promise<History> {
    const builder = new HistoryBuilder()
    for await (const batch of this.operations()) for (const operation of batch) builder.add(operation)
    return builder.finish()
  }

  /** The history in pieces, in order. Ends the recording as `write` does. */
  async *operations(): AsyncGenerator<readonly NewOperation[]> {
    const { buffer, folder } = this.handle
    const shared = controlWords(buffer)
    Atomics.store(shared, control.closed, 1)
    const joined = Math.min(Atomics.load(shared, control.joined), shared[control.capacity]!)
    const slots = Array.from({ length: joined }, (_, number) => new Slot(buffer, number))
    for (const { errno, number } of slots) if (errno !== 0) throw failedPart(folder, number, errno)
    const opened: TapeChunks[] = []
    try {
      for (const slot of slots) opened.push(await TapeChunks.open(slot, folder))
      yield* mergeTapes(
        opened.map((chunks) => new TapeCalls(chunks)),
        this.#start,
      )
    } finally {
      for (const chunks of opened) await chunks.close()
    }
  }

  /** Ends the recording and removes its temporary files. */
  async close(): Promise<void> {
    Atomics.store(controlWords(this.handle.buffer), control.closed, 1)
    await rm(this.handle.folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Starts a recording.
 *
 * @throws RecordingFileError when its temporary folder cannot be made.
 */
export async function startRecording(options: RecordingOptions = {}): Promise<Recording> {
  const { folder: parent = tmpdir(), maxThreads = maxThreadsDefault } = options
  if (!Number.isInteger(maxThreads) || maxThreads < 1 || maxThreads > maxThreadsLimit) {
    throw new RecordingError(
      `maxThreads is ${String(maxThreads)}, but must be a whole number from 1 to ${maxThreadsLimit}`,
    )
  }
  const folder = await onFile(parent, () => mkdtemp(join(parent, 'tidemark-recording-')))
  const buffer = new SharedArrayBuffer(recordingBytes(maxThreads))
  const shared = controlWords(buffer)
  shared[control.capacity] = maxThreads
  Atomics.store(shared, control.version, layoutVersion)
  return new Recording({ buffer, folder }, process.hrtime.bigint())
}

/**
 * Refuses a file that `write` could not write, before there is anything to write: a wrong ending, a folder
 * that is not there.
 *
 * @throws RecordingFileError
 */
export async function checkHistoryPath(path: string): Promise<void> {
  lineFormat(path)
  await onFile(path, () => access(dirname(path), constants.W_OK))
  const existing = await stat(path).catch(() => undefined)
  if (existing?.isDirectory() === true)
    throw new RecordingFileError(path, 'a history is a file, not a folder')
}

type LineFormat = (operation: NewOperation) => string

function lineFormat(path: string): LineFormat {
  if (path.endsWith('.edn')) return operationToEdn
  if (/\.(jsonl|ndjson|json)$/.test(path)) return operationToJson
  throw new RecordingFileError(path, "a history's name must end in .edn, .jsonl, .ndjson or .json")
}

async function writeLines(
  file: FileHandle,
  batch: readonly NewOperation[],
  toLine: LineFormat,
): Promise<void> {
  await file.appendFile(`${batch.map(toLine).join('\n')}\n`)
}

async function onFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new RecordingFileError(path, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function failedPart(folder: string, thread: number, errno: number): RecordingFileError {
  const reason = errno < 0 && errno !== -1 ? getSystemErrorName(errno) : 'an unknown error'
  return new RecordingFileError(
    folder,
    `thread ${thread} could not write its part of the recording (${reason}), which is lost from there on: ` +
      'start it with a folder that has room',
  )
}
