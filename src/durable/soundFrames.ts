import { crc32cSeed } from './crc32c.js'
import type { Disk } from './disk.js'
import { fileHeaderBytes } from './fileHeader.js'
import type { NamedFile } from './fileNames.js'
import { FileWindow } from './fileWindow.js'
import {
  frameAlignBytes,
  frameHeaderBytes,
  frameKind,
  frameKindOf,
  frameLengthOf,
  framePositionAt,
  frameRoomOf,
  isFrameSound,
} from './frame.js'
import { getU32 } from './littleEndian.js'
import { type FrameVisitor, newFrameView } from './segmentScan.js'

/** A part of a file that holds no sound frame. */
export interface Gap {
  readonly file: string
  readonly offset: number
  readonly lengthBytes: number
  /** Journal positions that were there; `toPosition` is undefined where nothing sound follows. */
  readonly fromPosition: number | undefined
  readonly toPosition: number | undefined
}

export interface SoundFrames {
  readonly gaps: readonly Gap[]
  /** Of the frame behind the last one. */
  readonly endPosition: number
  /** By kind. */
  readonly counts: ReadonlyMap<number, number>
}

export interface SoundOptions {
  readonly storeId: Uint8Array
  readonly isCheckpoint: boolean
  readonly visit: FrameVisitor
}

/**
 * Visits every sound frame of a file, marks and ends included, also behind damage: where there is none, it
 * looks for the next place that has one. The position, which must be one that may come, tells at once that
 * most places have none; so it takes time linear in the bytes. A rest of zeros is no gap.
 */
export function visitSoundFrames(disk: Disk, file: NamedFile, options: SoundOptions): SoundFrames {
  return new SoundFrameWalk(disk, file, options).run()
}

class SoundFrameWalk {
  readonly #file: NamedFile
  readonly #window: FileWindow
  readonly #seed: number
  readonly #options: SoundOptions
  readonly #view
  readonly #gaps: Gap[] = []
  readonly #counts = new Map<number, number>()
  #offset = fileHeaderBytes
  #position: number

  constructor(disk: Disk, file: NamedFile, options: SoundOptions) {
    this.#file = file
    this.#options = options
    this.#window = new FileWindow(disk, file.name)
    this.#seed = crc32cSeed(options.storeId)
    this.#view = newFrameView(options.isCheckpoint)
    this.#position = options.isCheckpoint ? fileHeaderBytes : file.position
  }

  run(): SoundFrames {
    const { fileBytes } = this.#window
    let gapStart = -1
    while (this.#offset < fileBytes) {
      const at = this.#soundAt(this.#offset, gapStart === -1)
      if (at === -1) {
        if (gapStart === -1) gapStart = this.#offset
        this.#offset += frameAlignBytes
        continue
      }
      const position = framePositionAt(this.#window.bytes, at)
      if (gapStart !== -1) this.#gap(gapStart, this.#offset, position)
      gapStart = -1
      this.#take(at, position)
    }
    if (gapStart !== -1 && !this.#isBlank(gapStart)) this.#gap(gapStart, fileBytes, undefined)
    return { gaps: this.#gaps, endPosition: this.#position, counts: this.#counts }
  }

  #take(at: number, position: number): void {
    const { bytes } = this.#window
    const word = getU32(bytes, at)
    const kind = frameKindOf(word)
    const lengthBytes = frameLengthOf(word)
    const view = this.#view
    view.bytes = bytes
    view.start = at + frameHeaderBytes
    view.end = at + lengthBytes
    view.kind = kind
    view.position = position
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
    this.#options.visit(view)
    const roomBytes = frameRoomOf(lengthBytes)
    this.#offset += roomBytes
    const takesPosition = this.#options.isCheckpoint || (kind !== frameKind.mark && kind !== frameKind.end)
    this.#position = position + (takesPosition ? roomBytes : 0)
  }

  /** Where in memory the frame at an offset is, or -1 if there is none that may be there. */
  #soundAt(offset: number, mustFollow: boolean): number {
    const window = this.#window
    const head = window.find(offset, frameHeaderBytes)
    if (head === -1) return -1
    const word = getU32(window.bytes, head)
    const kind = frameKindOf(word)
    const lengthBytes = frameLengthOf(word)
    if (kind < frameKind.mark || kind > frameKind.end || lengthBytes < frameHeaderBytes) return -1
    const position = framePositionAt(window.bytes, head)
    const isExpected = mustFollow ? position === this.#position : this.#mayFollow(position, offset)
    if (!isExpected) return -1
    const at = window.find(offset, frameRoomOf(lengthBytes))
    return at !== -1 && isFrameSound(window.bytes, at, this.#seed) ? at : -1
  }

  /** Marks take room and no positions, so a position is never further on than the offset. */
  #mayFollow(position: number, offset: number): boolean {
    if (this.#options.isCheckpoint) return position === offset
    return position >= this.#position && position - this.#file.position <= offset - fileHeaderBytes
  }

  #gap(offset: number, end: number, toPosition: number | undefined): void {
    const fromPosition = this.#options.isCheckpoint ? undefined : this.#position
    this.#gaps.push({
      file: this.#file.name,
      offset,
      lengthBytes: end - offset,
      fromPosition,
      toPosition: this.#options.isCheckpoint ? undefined : toPosition,
    })
  }

  #isBlank(offset: number): boolean {
    const { fileBytes } = this.#window
    const pieceBytes = 65_536
    const window = new FileWindow(this.#window.disk, this.#file.name)
    for (let at = offset; at < fileBytes; at += pieceBytes) {
      const length = Math.min(pieceBytes, fileBytes - at)
      const start = window.find(at, length)
      if (start === -1 || window.bytes.subarray(start, start + length).some((byte) => byte !== 0))
        return false
    }
    return true
  }
}
