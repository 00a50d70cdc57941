import { crc32cSeed } from './crc32c.js'
import type { Disk } from './disk.js'
import { JournalDamagedError } from './errors.js'
import { decodeFileHeader, type FileHeader, fileHeaderBytes, fileKind } from './fileHeader.js'
import type { NamedFile } from './fileNames.js'
import { FileWindow } from './fileWindow.js'
import {
  frameHeaderBytes,
  frameKind,
  frameKindOf,
  frameLengthOf,
  framePositionAt,
  frameRoomOf,
  isFrameSound,
  markBytes,
} from './frame.js'
import { getU32, getU64 } from './littleEndian.js'
import { survey } from './survey.js'
import { decide, type Place } from './tailDecision.js'

/** A frame being visited: its payload is `bytes[start, end)`, which is overwritten afterwards. */
export interface FrameView {
  bytes: Buffer
  start: number
  end: number
  kind: number
  position: number
  isFromCheckpoint: boolean
}

/** Called for each transaction, table and entry frame, in order. What it throws ends the scan. */
export type FrameVisitor = (frame: FrameView) => void

export function newFrameView(isFromCheckpoint: boolean): FrameView {
  return { bytes: Buffer.alloc(0), start: 0, end: 0, kind: 0, position: 0, isFromCheckpoint }
}

/** What had been written at the end of a segment and was not, or not wholly, on the disk. */
export interface Cut {
  readonly file: string
  readonly offset: number
  /** The journal ends here instead. */
  readonly position: number
  readonly droppedBytes: number
  readonly reason: string
}

export interface SegmentEnd {
  /** Of the first byte behind the last frame. */
  readonly offset: number
  readonly endPosition: number
  /** Offset up to which the segment itself proves that it is on the medium. */
  readonly provenBytes: number
  readonly frames: number
  /** Whether the segment was closed, rather than left by a crash or full. */
  readonly isEnded: boolean
  readonly cut: Cut | undefined
}

/** How much of a segment one step looks at. */
const stepBytes = 1024 * 1024

/** Walks one segment, step by step. */
export class SegmentScan {
  readonly file: NamedFile
  readonly header: FileHeader
  readonly #disk: Disk
  readonly #window: FileWindow
  readonly #seed: number
  readonly #visit: FrameVisitor
  readonly #view = newFrameView(false)
  /** Frames below this position are passed over. */
  readonly #from: number
  #offset = fileHeaderBytes
  #provenBytes = fileHeaderBytes
  #position: number
  /** Where the group ends whose frames are being read. */
  #groupEnd: number
  #isEnded = false
  #frames = 0

  /** Throws `JournalDamagedError` or `JournalVersionError` for its header. */
  constructor(disk: Disk, file: NamedFile, { from, visit }: { from: number; visit: FrameVisitor }) {
    this.#disk = disk
    this.file = file
    this.header = readFileHeader(disk, file, fileKind.segment)
    this.#window = new FileWindow(disk, file.name)
    this.#seed = crc32cSeed(this.header.storeId)
    this.#visit = visit
    this.#from = from
    this.#position = this.#groupEnd = file.position
  }

  /** How much of the file is behind. */
  get doneBytes(): number {
    return this.#offset
  }

  /** Where the next frame would be. */
  get position(): number {
    return this.#position
  }

  /** Visits frames for about a megabyte. False once there is no further frame. */
  step(): boolean {
    const until = this.#offset + stepBytes
    while (this.#offset < until) {
      if (!this.#next()) return false
    }
    return true
  }

  /**
   * Called when no frame follows: tells a clean end from a torn one. `proven` is what is known, from other
   * files, to have been durable. Throws `JournalDamagedError` if something durable is missing.
   */
  end(proven: number): SegmentEnd {
    const { name } = this.file
    const offset = this.#offset
    const beyond = survey(this.#disk, name, { offset, position: this.#position, seed: this.#seed })
    const isProvenDurable = proven > this.#position || beyond.proof !== undefined
    const look = this.#look()
    const isBlank = beyond.isBlank || (look.checksumMatches && look.isOlder)
    const place = { ...look, isBlank, isProvenDurable }
    const { verdict, reason } = decide(place)
    if (verdict === 'refuse') {
      const proof = beyond.proof
      const why =
        proof !== undefined
          ? `, and byte ${proof.offset} proves that all up to position ${proof.synced} was durable`
          : proven > this.#position
            ? `, and other files prove that all up to position ${proven} was durable`
            : ''
      throw new JournalDamagedError({
        file: name,
        offset,
        position: this.#position,
        reason: `${reason}${why}`,
      })
    }
    const droppedBytes = this.#window.fileBytes - offset
    const cut = { file: name, offset, position: this.#position, droppedBytes, reason }
    return {
      offset,
      endPosition: this.#position,
      provenBytes: this.#provenBytes,
      frames: this.#frames,
      isEnded: this.#isEnded,
      cut: verdict === 'cut' ? cut : undefined,
    }
  }

  /** Goes past the frame at the current place, if there is one that continues the journal. */
  #next(): boolean {
    const window = this.#window
    const head = window.find(this.#offset, frameHeaderBytes)
    if (head === -1) return false
    const word = getU32(window.bytes, head)
    const lengthBytes = frameLengthOf(word)
    const roomBytes = frameRoomOf(lengthBytes)
    if (lengthBytes < frameHeaderBytes) return false
    const at = window.find(this.#offset, roomBytes)
    if (at === -1 || !isFrameSound(window.bytes, at, this.#seed)) return false
    const kind = frameKindOf(word)
    if (framePositionAt(window.bytes, at) !== this.#position || !this.#fits(kind, lengthBytes)) return false
    if (kind === frameKind.mark || kind === frameKind.end) this.#takeMark(kind, at)
    else this.#take(kind, at, lengthBytes)
    this.#offset += roomBytes
    this.#frames++
    return true
  }

  #takeMark(kind: number, at: number): void {
    const synced = getU64(this.#window.bytes, at + frameHeaderBytes)
    if (synced >= this.#position) this.#provenBytes = this.#offset
    if (kind === frameKind.end) this.#isEnded = true
    else this.#groupEnd = this.#position + getU64(this.#window.bytes, at + frameHeaderBytes + 8)
  }

  #take(kind: number, at: number, lengthBytes: number): void {
    const position = this.#position
    this.#position += frameRoomOf(lengthBytes)
    if (kind === frameKind.void || position < this.#from) return
    const view = this.#view
    view.bytes = this.#window.bytes
    view.start = at + frameHeaderBytes
    view.end = at + lengthBytes
    view.kind = kind
    view.position = position
    this.#visit(view)
  }

  /** Marks and ends stand between groups, all other frames inside one. */
  #fits(kind: number, lengthBytes: number): boolean {
    if (this.#isEnded) return false
    switch (kind) {
      case frameKind.mark:
      case frameKind.end:
        return lengthBytes === markBytes && this.#position === this.#groupEnd
      case frameKind.transaction:
      case frameKind.table:
      case frameKind.entry:
      case frameKind.void:
        return this.#position < this.#groupEnd
      default:
        return false
    }
  }

  /** Why there is no frame at the current place. `isOlder`: it is of what the file held before. */
  #look(): Omit<Place, 'isBlank' | 'isProvenDurable'> & { readonly isOlder: boolean } {
    const window = this.#window
    const head = window.find(this.#offset, frameHeaderBytes)
    const word = head === -1 ? 0 : getU32(window.bytes, head)
    const lengthBytes = frameLengthOf(word)
    const at = lengthBytes < frameHeaderBytes ? -1 : window.find(this.#offset, frameRoomOf(lengthBytes))
    if (at === -1)
      return {
        lengthFits: false,
        checksumMatches: false,
        positionFollows: false,
        kindFits: false,
        isOlder: false,
      }
    const position = framePositionAt(window.bytes, at)
    return {
      lengthFits: true,
      checksumMatches: isFrameSound(window.bytes, at, this.#seed),
      positionFollows: position === this.#position,
      isOlder: position < this.file.position,
      kindFits: this.#fits(frameKindOf(word), lengthBytes),
    }
  }
}

/** Reads and checks the header of a segment or checkpoint, which must be what its name says. */
export function readFileHeader(disk: Disk, { name, position }: NamedFile, kind: number): FileHeader {
  const bytes = new Uint8Array(fileHeaderBytes)
  const header = decodeFileHeader(name, bytes.subarray(0, disk.read(name, 0, bytes)))
  const reason =
    header.kind !== kind
      ? `the header is that of a file of kind ${header.kind}, not ${kind}`
      : header.position !== position
        ? `the header says position ${header.position}, the name ${position}`
        : undefined
  if (reason !== undefined) throw new JournalDamagedError({ file: name, offset: 0, reason })
  return header
}
