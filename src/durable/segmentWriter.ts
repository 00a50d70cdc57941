import { crc32cSeed, crc32cUpdate } from './crc32c.js'
import type { Disk } from './disk.js'
import { JournalClosedError, JournalFailedError } from './errors.js'
import { encodeFileHeader, fileHeaderBytes, fileKind } from './fileHeader.js'
import { reserveFile, segmentName, temporarySuffix } from './fileNames.js'
import { frameHeaderBytes, frameKind, frameWord, markBytes, sealFrame } from './frame.js'
import { putU64 } from './littleEndian.js'
import { segmentState, segmentStateLength } from './segmentState.js'

export interface SegmentOptions {
  readonly storeId: Uint8Array
  /** A segment is ended before it would grow beyond this; a group longer than it has one of its own. */
  readonly segmentBytes?: number | undefined
  /** How far small groups are written into zeros that are there already. */
  readonly aheadBytes?: number
  /** Where writers that take turns leave what the next one needs; see `segmentState`. */
  readonly state?: Float64Array
}

export interface FirstSegmentOptions extends SegmentOptions {
  /** Of the first frame to be written. Everything below it must be durable. */
  readonly position: number
}

export const segmentDefaultBytes: number = 64 * 1024 * 1024
/** Groups from this size on are appended: what a change of the file's size costs them is little. */
export const smallGroupBytes: number = 64 * 1024
/**
 * All who are in the group that writes the zeros wait for them. With a megabyte, one group in 250 took seven
 * times as long as the others; with this, one in 60 takes three times as long.
 */
const aheadDefaultBytes: number = 256 * 1024

/**
 * Writes groups of frames into segments, one after the other.
 *
 *     header | mark, frames | mark, frames | ... | zeros        and once closed: | end
 *
 * - Nothing is added to a segment of an earlier run: its end may be torn where nobody sees it.
 * - A segment appears under its name with its header on disk, and only after everything before it is durable.
 *   So its existence proves that all positions below its own were durable.
 * - Zeros are written ahead of small groups, because syncing bytes that do not change the file's size takes
 *   half as long. Better still, a segment that is needed no more is written over, if there is one: readers
 *   tell its frames by their positions, which are all below the new segment's.
 * - The first error is the last operation: what was written since the last sync may or may not be there.
 */
export class SegmentWriter {
  readonly #disk: Disk
  readonly #storeId: Uint8Array
  readonly #seed: number
  readonly #segmentBytes: number
  readonly #zeros: Uint8Array
  readonly #mark = new Uint8Array(markBytes)
  readonly #vector: Uint8Array[] = []
  readonly #state: Float64Array
  /** The file's name, and the position of its segment. */
  #name = ''
  #named = Number.NaN
  #failure: { readonly cause: unknown } | undefined
  #isClosed = false

  private constructor(disk: Disk, { storeId, segmentBytes, aheadBytes, state }: SegmentOptions) {
    this.#disk = disk
    this.#storeId = storeId
    this.#seed = crc32cSeed(storeId)
    this.#segmentBytes = segmentBytes ?? segmentDefaultBytes
    this.#zeros = new Uint8Array(aheadBytes ?? aheadDefaultBytes)
    this.#state = state ?? new Float64Array(segmentStateLength)
  }

  /** Creates the first segment. */
  static begin(disk: Disk, options: FirstSegmentOptions): SegmentWriter {
    const writer = new SegmentWriter(disk, options)
    const state = writer.#state
    state[segmentState.position] = state[segmentState.synced] = options.position
    writer.#begin()
    return writer
  }

  /** Another writer of the segments that one has begun with the same state. */
  static join(disk: Disk, options: SegmentOptions & { readonly state: Float64Array }): SegmentWriter {
    return new SegmentWriter(disk, options)
  }

  /** The next frame's position. */
  get position(): number {
    return this.#state[segmentState.position]!
  }

  /** Everything below is durable. */
  get synced(): number {
    return this.#state[segmentState.synced]!
  }

  /** Position of the first frame of the segment being written. */
  get segmentPosition(): number {
    return this.#state[segmentState.segment]!
  }

  /** Length of the segment being written, without the zeros ahead. */
  get segmentLengthBytes(): number {
    return this.#state[segmentState.offset]!
  }

  /** Whether a group of this length goes into the segment being written. */
  hasRoom(groupBytes: number): boolean {
    const offset = this.segmentLengthBytes
    return offset === fileHeaderBytes || offset + markBytes + groupBytes <= this.#segmentBytes
  }

  /**
   * Writes a group: a mark, and then the frames that the buffers hold one behind the other, whole and padded,
   * beginning with the frame at `position`.
   */
  write(position: number, buffers: readonly Uint8Array[]): void {
    this.#requirePosition(position)
    let groupBytes = 0
    for (const buffer of buffers) groupBytes += buffer.length
    this.#attempt(() => {
      if (!this.hasRoom(groupBytes)) this.#rotate()
      this.#writeGroup(groupBytes, buffers)
    })
  }

  /** Returns when all groups written are durable. */
  sync(): void {
    this.#requireOpen()
    const { position } = this
    if (this.synced === position) return
    this.#attempt(() => this.#disk.sync(this.#file()))
    this.#state[segmentState.synced] = position
  }

  /** Ends this segment now, so that the next group begins one. Syncs. */
  rotate(): void {
    this.#requireOpen()
    if (this.segmentLengthBytes === fileHeaderBytes) return
    this.#attempt(() => this.#rotate())
  }

  /** Syncs, and says for whoever opens next that nothing comes after `position`. It is the last call. */
  end(position: number): void {
    this.#requirePosition(position)
    this.sync()
    this.#attempt(() => {
      const file = this.#file()
      const offset = this.segmentLengthBytes
      this.#setMark(frameKind.end, 0)
      this.#disk.write(file, offset, [this.#mark])
      this.#disk.truncate(file, offset + markBytes)
      this.#disk.sync(file)
    })
    if (this.#disk.list().includes(reserveFile)) this.#disk.remove(reserveFile)
    this.#isClosed = true
  }

  #writeGroup(groupBytes: number, buffers: readonly Uint8Array[]): void {
    this.#setMark(frameKind.mark, groupBytes)
    const state = this.#state
    const vector = this.#vector
    vector.length = 0
    vector.push(this.#mark)
    for (const buffer of buffers) vector.push(buffer)
    const lengthBytes = markBytes + groupBytes
    const offset = state[segmentState.offset]!
    const end = offset + lengthBytes
    let fileBytes = state[segmentState.fileBytes]!
    if (end > fileBytes) {
      fileBytes = end
      const room = this.#segmentBytes - end
      if (lengthBytes < smallGroupBytes && room > 0) {
        const zeros = room < this.#zeros.length ? this.#zeros.subarray(0, room) : this.#zeros
        vector.push(zeros)
        fileBytes += zeros.length
      }
    }
    this.#disk.write(this.#file(), offset, vector)
    // A thread that is terminated has done all of these or none: there is no call between them. If none, the
    // next writer writes the same frames to the same place.
    state[segmentState.offset] = end
    state[segmentState.fileBytes] = fileBytes
    state[segmentState.position]! += groupBytes
  }

  /** Marks and ends take no position: theirs is that of the frame that follows. */
  #setMark(kind: number, groupBytes: number): void {
    const mark = this.#mark
    putU64(mark, frameHeaderBytes, this.synced)
    putU64(mark, frameHeaderBytes + 8, groupBytes)
    const state = crc32cUpdate(this.#seed, mark, frameHeaderBytes, markBytes)
    sealFrame(mark, 0, { word: frameWord(kind, markBytes), position: this.position }, state)
  }

  #rotate(): void {
    const file = this.#file()
    const state = this.#state
    const offset = state[segmentState.offset]!
    if (state[segmentState.fileBytes]! > offset) this.#disk.truncate(file, offset)
    this.#disk.sync(file)
    state[segmentState.synced] = this.position
    this.#begin()
  }

  #begin(): void {
    const disk = this.#disk
    const { position } = this
    const name = segmentName(position)
    const header = encodeFileHeader({ kind: fileKind.segment, storeId: this.#storeId, position, required: 0 })
    const isReserved = disk.list().includes(reserveFile)
    const fileBytes = isReserved ? Math.max(disk.size(reserveFile), fileHeaderBytes) : fileHeaderBytes
    if (isReserved) {
      // After a crash it must not have the name of the older segment again, with this header.
      disk.syncDirectory()
      disk.write(reserveFile, 0, [header])
      install(disk, reserveFile, name)
    } else installFile(disk, name, (temporary) => disk.write(temporary, 0, [header]))
    const state = this.#state
    state[segmentState.segment] = position
    state[segmentState.offset] = fileHeaderBytes
    state[segmentState.fileBytes] = fileBytes
    // Opens it before others can write to it: the system tells an error of writing to those who had the file
    // open when it happened.
    disk.sync(this.#file())
  }

  /** The name of the segment's file. Files of older segments are closed: they may be removed by now. */
  #file(): string {
    const segment = this.#state[segmentState.segment]!
    if (segment !== this.#named) {
      this.#disk.close()
      this.#name = segmentName(segment)
      this.#named = segment
    }
    return this.#name
  }

  #requirePosition(position: number): void {
    this.#requireOpen()
    if (position !== this.position)
      throw new RangeError(`a group for position ${position} was written at ${this.position}`)
  }

  #requireOpen(): void {
    if (this.#failure !== undefined) throw new JournalFailedError(this.#failure.cause)
    if (this.#isClosed) throw new JournalClosedError()
  }

  #attempt(operation: () => void): void {
    try {
      operation()
    } catch (cause) {
      this.#failure = { cause }
      throw cause
    }
  }
}

/** Writes a file that appears under its name whole and durable, or not at all; it replaces an older one. */
export function installFile(disk: Disk, name: string, write: (temporary: string) => void): void {
  const temporary = name + temporarySuffix
  // A longer one, left by a crash, would show behind what is written now.
  if (disk.list().includes(temporary)) disk.remove(temporary)
  write(temporary)
  install(disk, temporary, name)
}

function install(disk: Disk, temporary: string, name: string): void {
  disk.sync(temporary)
  disk.rename(temporary, name)
  disk.syncDirectory()
}
