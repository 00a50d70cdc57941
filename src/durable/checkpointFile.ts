import { crc32cSeed, crc32cUpdate } from './crc32c.js'
import type { Disk } from './disk.js'
import { JournalDamagedError } from './errors.js'
import { encodeFileHeader, type FileHeader, fileHeaderBytes, fileKind } from './fileHeader.js'
import {
  checkpointName,
  checkpointsIn,
  type NamedFile,
  reserveFile,
  segmentsIn,
  temporarySuffix,
} from './fileNames.js'
import { FileWindow } from './fileWindow.js'
import {
  frameHeaderBytes,
  frameKind,
  frameKindOf,
  frameLengthOf,
  framePositionAt,
  frameRoomOf,
  frameWord,
  isFrameSound,
  sealFrame,
} from './frame.js'
import { getU32, getU64, putU64 } from './littleEndian.js'
import { encodeTable, PayloadWriter, removedValue, type TableRecord } from './payload.js'
import { type FrameVisitor, newFrameView, readFileHeader } from './segmentScan.js'

/** Blocks of puts end near this size. */
const blockBytes = 64 * 1024
const endPayloadBytes = 8

/**
 * Writes a checkpoint: tables, then puts in blocks, then an end; and installs it under its name only when all
 * of it is on disk.
 *
 *     header | table frames, transaction frames | end: u64 number of puts
 *
 * A frame's position is its offset in the file.
 */
export class CheckpointWriter {
  readonly #disk: Disk
  readonly #temporary: string
  readonly #storeId: Uint8Array
  readonly #seed: number
  readonly #position: number
  readonly #payload = new PayloadWriter(blockBytes * 2)
  readonly #header = new Uint8Array(frameHeaderBytes)
  readonly #padding = new Uint8Array(8)
  #offset = fileHeaderBytes
  #entries = 0

  /** `position` is where replay will begin: everything below it must be in the checkpoint. */
  constructor(disk: Disk, storeId: Uint8Array, position: number) {
    this.#disk = disk
    this.#storeId = storeId
    this.#seed = crc32cSeed(storeId)
    this.#position = position
    this.#temporary = checkpointName(position) + temporarySuffix
    this.abandon()
    disk.write(this.#temporary, 0, [new Uint8Array(fileHeaderBytes)])
  }

  /** How long the file is so far. */
  get lengthBytes(): number {
    return this.#offset + this.#payload.lengthBytes
  }

  get entries(): number {
    return this.#entries
  }

  /** Where keys and values are copied to: another buffer, perhaps, after each `entry`. */
  get bytes(): Buffer {
    return this.#payload.bytes
  }

  /** A table must come before its first entry. */
  table(record: TableRecord): void {
    this.#flush()
    const payload = encodeTable(record)
    this.#frame(frameKind.table, payload, payload.length)
  }

  /** Adds a put. Key and value are copied, one behind the other, into `bytes` at the offset returned. */
  entry(table: number, keyBytes: number, valueBytes: number): number {
    if (valueBytes === removedValue) throw new RangeError('a checkpoint holds no removals')
    if (this.#payload.lengthBytes >= blockBytes) this.#flush()
    this.#entries++
    return this.#payload.entry(table, keyBytes, valueBytes)
  }

  /**
   * Makes the checkpoint durable and gives it its name. The journal must be durable up to `required`: the
   * checkpoint may hold effects of what is between `position` and there. One that stands alone, without any
   * journal, is named after `required` instead. Returns its name.
   */
  install(required: number, isAlone = false): string {
    this.#flush()
    const end = new Uint8Array(endPayloadBytes)
    putU64(end, 0, this.#entries)
    this.#frame(frameKind.end, end, endPayloadBytes)
    const reached = Math.max(required, this.#position)
    const position = isAlone ? reached : this.#position
    const name = checkpointName(position)
    const header = { kind: fileKind.checkpoint, storeId: this.#storeId, position, required: reached }
    this.#disk.write(this.#temporary, 0, [encodeFileHeader(header)])
    this.#disk.sync(this.#temporary)
    this.#disk.rename(this.#temporary, name)
    this.#disk.syncDirectory()
    return name
  }

  /** Removes what was written, if it was not installed. */
  abandon(): void {
    if (this.#disk.list().includes(this.#temporary)) this.#disk.remove(this.#temporary)
  }

  #flush(): void {
    const { bytes, lengthBytes } = this.#payload
    if (lengthBytes === 0) return
    this.#frame(frameKind.transaction, bytes, lengthBytes)
    this.#payload.clear()
  }

  #frame(kind: number, payload: Uint8Array, payloadBytes: number): void {
    const lengthBytes = frameHeaderBytes + payloadBytes
    const state = crc32cUpdate(this.#seed, payload, 0, payloadBytes)
    sealFrame(this.#header, 0, { word: frameWord(kind, lengthBytes), position: this.#offset }, state)
    const padding = this.#padding.subarray(0, frameRoomOf(lengthBytes) - lengthBytes)
    this.#disk.write(this.#temporary, this.#offset, [
      this.#header,
      payload.subarray(0, payloadBytes),
      padding,
    ])
    this.#offset += frameRoomOf(lengthBytes)
  }
}

/**
 * Removes what the checkpoint at `position`, which must be installed, makes superfluous: older checkpoints,
 * and segments that end below it. Returns their names. The longest segment is kept as the reserve, if there
 * is none. Only one thread at a time may call this; the journal thread may take the reserve meanwhile.
 */
export function removeObsolete(disk: Disk, position: number): string[] {
  const names = disk.list()
  const obsolete = obsoleteIn(names, position)
  const kept = names.includes(reserveFile) ? undefined : longestSegment(disk, obsolete)
  for (const name of obsolete) {
    if (name === kept) disk.rename(name, reserveFile)
    else disk.remove(name)
  }
  if (obsolete.length > 0) disk.syncDirectory()
  return obsolete
}

function longestSegment(disk: Disk, names: readonly string[]): string | undefined {
  let longest: string | undefined
  for (const { name } of segmentsIn(names))
    if (longest === undefined || disk.size(name) > disk.size(longest)) longest = name
  return longest
}

/** The files that a checkpoint at `position` makes superfluous. */
export function obsoleteIn(names: readonly string[], position: number): string[] {
  const segments = segmentsIn(names)
  const olderSegments = segments.filter((_, at) => (segments[at + 1]?.position ?? Infinity) <= position)
  const olderCheckpoints = checkpointsIn(names).filter((file) => file.position < position)
  return [...olderCheckpoints, ...olderSegments].map(({ name }) => name)
}

const stepBytes = 1024 * 1024

/** Reads a checkpoint, step by step. It is whole or damaged: no crash leaves half of one under its name. */
export class CheckpointScan {
  readonly file: NamedFile
  readonly header: FileHeader
  entries = 0
  readonly #window: FileWindow
  readonly #seed: number
  readonly #visit: FrameVisitor
  readonly #view = newFrameView(true)
  #offset = fileHeaderBytes

  constructor(disk: Disk, file: NamedFile, visit: FrameVisitor) {
    this.file = file
    this.header = readFileHeader(disk, file, fileKind.checkpoint)
    this.#window = new FileWindow(disk, file.name)
    this.#seed = crc32cSeed(this.header.storeId)
    this.#visit = visit
  }

  get doneBytes(): number {
    return this.#offset
  }

  /** Visits frames for about a megabyte. False after the end. Throws `JournalDamagedError`. */
  step(): boolean {
    const until = this.#offset + stepBytes
    while (this.#offset < until) {
      if (!this.#next()) return false
    }
    return true
  }

  #next(): boolean {
    const window = this.#window
    const head = window.find(this.#offset, frameHeaderBytes)
    if (head === -1) throw this.#damaged('the checkpoint has no end')
    const word = getU32(window.bytes, head)
    const lengthBytes = frameLengthOf(word)
    const at = window.find(this.#offset, frameRoomOf(lengthBytes))
    if (lengthBytes < frameHeaderBytes || at === -1)
      throw this.#damaged('the length of the frame does not fit')
    if (!isFrameSound(window.bytes, at, this.#seed))
      throw this.#damaged('the checksum of the frame does not match')
    if (framePositionAt(window.bytes, at) !== this.#offset)
      throw this.#damaged('the frame is of another place')
    const kind = frameKindOf(word)
    if (kind === frameKind.end) return this.#end(at, lengthBytes)
    if (kind !== frameKind.table && kind !== frameKind.transaction)
      throw this.#damaged('a frame of this kind cannot be here')
    const view = this.#view
    view.bytes = window.bytes
    view.start = at + frameHeaderBytes
    view.end = at + lengthBytes
    view.kind = kind
    this.#visit(view)
    this.#offset += frameRoomOf(lengthBytes)
    return true
  }

  #end(at: number, lengthBytes: number): false {
    if (lengthBytes !== frameHeaderBytes + endPayloadBytes) throw this.#damaged('the end is malformed')
    this.entries = getU64(this.#window.bytes, at + frameHeaderBytes)
    this.#offset += lengthBytes
    if (this.#offset !== this.#window.fileBytes) throw this.#damaged('the file goes on behind its end')
    return false
  }

  #damaged(reason: string): JournalDamagedError {
    return new JournalDamagedError({ file: this.file.name, offset: this.#offset, reason })
  }
}
