import { CheckpointScan, obsoleteIn } from './checkpointFile.js'
import type { Disk } from './disk.js'
import { JournalDamagedError } from './errors.js'
import { fileKind } from './fileHeader.js'
import { checkpointsIn, type NamedFile, segmentName, segmentsIn, temporaryIn } from './fileNames.js'
import { type Cut, type FrameVisitor, readFileHeader, SegmentScan } from './segmentScan.js'

export interface ScannedSegment extends NamedFile {
  readonly endPosition: number
  readonly fileBytes: number
  /** Up to the end of the last frame. */
  readonly lengthBytes: number
  /** Up to here the segment itself proves that it is on the medium. */
  readonly provenBytes: number
  readonly frames: number
  readonly isEnded: boolean
}

export interface ScannedCheckpoint extends NamedFile {
  readonly required: number
  readonly fileBytes: number
  /** How many keys it holds. */
  readonly entries: number
}

/** A checkpoint that could not be used, and was not needed. */
export interface PassedOver {
  readonly name: string
  readonly error: JournalDamagedError
}

export interface StoreScan {
  /** Undefined where there is no store yet. */
  readonly storeId: Uint8Array | undefined
  readonly checkpoint: ScannedCheckpoint | undefined
  /** Those that were read, in order. */
  readonly segments: readonly ScannedSegment[]
  /** Where the next frame goes. */
  readonly endPosition: number
  /** Whether the journal was closed, rather than left by a crash. */
  readonly isEnded: boolean
  readonly cuts: readonly Cut[]
  readonly passedOver: readonly PassedOver[]
  /** Files that say nothing which is still needed. */
  readonly obsolete: readonly string[]
  /** What interrupted installations left. */
  readonly temporary: readonly string[]
}

export interface ScanProgress {
  readonly doneBytes: number
  readonly totalBytes: number
}

/**
 * Reads a store: its newest sound checkpoint, then the journal from there, and calls `visit` for each table,
 * transaction and entry. It changes nothing: `repairStore` does what the result asks for. Each step reads
 * about a megabyte, so that the caller can do something else between two.
 *
 * Throws `JournalDamagedError` if anything that had been durable is damaged or missing,
 * `JournalVersionError`, errors of the disk, and what `visit` throws.
 */
export function* scanStore(disk: Disk, visit: FrameVisitor): Generator<ScanProgress, StoreScan, void> {
  return yield* new StoreScanner(disk, visit).run()
}

class StoreScanner {
  readonly #disk: Disk
  readonly #visit: FrameVisitor
  readonly #names: readonly string[]
  readonly #journal: readonly NamedFile[]
  readonly #passedOver: PassedOver[] = []
  /** Files other than the one being read prove that all below was durable. */
  #proven = 0
  #storeId: Uint8Array | undefined
  #doneBytes = 0
  #totalBytes = 0

  constructor(disk: Disk, visit: FrameVisitor) {
    this.#disk = disk
    this.#visit = visit
    this.#names = disk.list()
    this.#journal = segmentsIn(this.#names)
  }

  *run(): Generator<ScanProgress, StoreScan, void> {
    const file = yield* this.#chooseCheckpoint()
    const start = file?.position ?? 0
    const first = this.#firstSegment(start)
    const needed = first === -1 ? [] : this.#journal.slice(first)
    this.#totalBytes = [...(file === undefined ? [] : [file]), ...needed].reduce(
      (sum, { name }) => sum + this.#disk.size(name),
      0,
    )
    const checkpoint = file === undefined ? undefined : yield* this.#readCheckpoint(file)
    const segments: ScannedSegment[] = []
    const cuts: Cut[] = []
    for (const [at, segment] of needed.entries()) {
      const { scanned, cut } = yield* this.#readSegment(segment, needed[at + 1], start)
      segments.push(scanned)
      if (cut !== undefined) cuts.push(cut)
    }
    const last = segments.at(-1)
    return {
      storeId: this.#storeId,
      checkpoint,
      segments,
      endPosition: last?.endPosition ?? start,
      isEnded: last?.isEnded ?? true,
      cuts,
      passedOver: this.#passedOver,
      obsolete: file === undefined ? [] : obsoleteIn(this.#names, start),
      temporary: temporaryIn(this.#names),
    }
  }

  /**
   * The newest checkpoint that is sound. It is looked through before it is used only if something else could
   * be used instead: otherwise damage is met, and refused, while it is read.
   */
  *#chooseCheckpoint(): Generator<ScanProgress, NamedFile | undefined, void> {
    const candidates = checkpointsIn(this.#names).reverse()
    for (const [at, file] of candidates.entries()) {
      const older = candidates[at + 1]?.position ?? 0
      if (this.#segmentAt(older) === -1) return file
      try {
        const scan = new CheckpointScan(this.#disk, file, () => {})
        while (scan.step()) yield { doneBytes: 0, totalBytes: this.#disk.size(file.name) }
        return file
      } catch (error) {
        if (!(error instanceof JournalDamagedError)) throw error
        this.#passOver(file, error)
      }
    }
    return undefined
  }

  /** What the journal must reach is known even of a damaged checkpoint: from its name, or from its header. */
  #passOver(file: NamedFile, error: JournalDamagedError): void {
    this.#passedOver.push({ name: file.name, error })
    this.#prove(file.position)
    try {
      this.#prove(readFileHeader(this.#disk, file, fileKind.checkpoint).required)
    } catch (headerError) {
      if (!(headerError instanceof JournalDamagedError)) throw headerError
    }
  }

  *#readCheckpoint(file: NamedFile): Generator<ScanProgress, ScannedCheckpoint, void> {
    const scan = new CheckpointScan(this.#disk, file, this.#visit)
    this.#requireStore(file.name, scan.header.storeId)
    const { required } = scan.header
    this.#prove(required)
    while (scan.step()) yield this.#progress(scan.doneBytes)
    this.#doneBytes += scan.doneBytes
    if (this.#journal.length === 0 && this.#proven > file.position)
      throw this.#missing(file.position, `the journal, which the checkpoint needs up to ${required},`)
    return { ...file, required, fileBytes: scan.doneBytes, entries: scan.entries }
  }

  *#readSegment(
    file: NamedFile,
    next: NamedFile | undefined,
    from: number,
  ): Generator<ScanProgress, { scanned: ScannedSegment; cut: Cut | undefined }, void> {
    const scan = new SegmentScan(this.#disk, file, { from, visit: this.#visit })
    this.#requireStore(file.name, scan.header.storeId)
    while (scan.step()) yield this.#progress(scan.doneBytes)
    // A segment is begun only after all before it is durable; what else is proven, the last one must reach.
    const { cut, offset, ...rest } = scan.end(next?.position ?? this.#proven)
    const fileBytes = this.#disk.size(file.name)
    this.#doneBytes += fileBytes
    yield this.#progress(0)
    if (next !== undefined && next.position < rest.endPosition)
      throw new JournalDamagedError({
        file: next.name,
        offset: 0,
        position: rest.endPosition,
        reason: `it begins at position ${next.position}, but ${file.name} before it reaches ${rest.endPosition}`,
      })
    return { scanned: { ...file, ...rest, fileBytes, lengthBytes: offset }, cut }
  }

  /** The index of the segment in which replay begins; -1 if there is no journal. */
  #firstSegment(start: number): number {
    const found = this.#segmentAt(start)
    if (found !== -1 || this.#journal.length === 0) return found
    throw this.#passedOver[0]?.error ?? this.#missing(start, `the segment with position ${start}`)
  }

  #segmentAt(position: number): number {
    return this.#journal.findLastIndex((segment) => segment.position <= position)
  }

  #prove(position: number): void {
    this.#proven = Math.max(this.#proven, position)
  }

  #requireStore(file: string, storeId: Uint8Array): void {
    this.#storeId ??= storeId
    if (Buffer.compare(this.#storeId, storeId) !== 0)
      throw new JournalDamagedError({ file, offset: 16, reason: 'the file belongs to another store' })
  }

  #missing(position: number, what: string): JournalDamagedError {
    return new JournalDamagedError({
      file: segmentName(position),
      offset: 0,
      position,
      reason: `${what} is missing`,
    })
  }

  #progress(doneBytes: number): ScanProgress {
    return { doneBytes: this.#doneBytes + doneBytes, totalBytes: this.#totalBytes }
  }
}

/**
 * Makes durable what a scan found, before anything is added: cuts torn tails off, and removes leftovers.
 *
 * After the death of a process alone, the last groups may be in the system's cache only; and after a sync
 * that failed, the cache may call them clean though they never reached the medium. So they are written once
 * more.
 */
export function repairStore(disk: Disk, scan: StoreScan): void {
  for (const { file, offset } of scan.cuts) {
    disk.truncate(file, offset)
    disk.sync(file)
  }
  const last = scan.segments.at(-1)
  if (last !== undefined) {
    rewrite(disk, last)
    disk.sync(last.name)
  }
  // The newest checkpoint's name must be durable before what it replaces is removed.
  disk.syncDirectory()
  const leftovers = [...scan.temporary, ...scan.obsolete]
  for (const name of leftovers) disk.remove(name)
  if (leftovers.length > 0) disk.syncDirectory()
}

const rewriteBytes = 1024 * 1024

function rewrite(disk: Disk, { name, provenBytes, lengthBytes }: ScannedSegment): void {
  const buffer = new Uint8Array(Math.min(rewriteBytes, lengthBytes - provenBytes))
  for (let at = provenBytes; at < lengthBytes; at += buffer.length) {
    const piece = buffer.subarray(0, lengthBytes - at)
    disk.read(name, at, piece)
    disk.write(name, at, [piece])
  }
}
