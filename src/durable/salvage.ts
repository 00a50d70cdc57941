import { CheckpointScan } from './checkpointFile.js'
import { crc32cSeed } from './crc32c.js'
import type { Disk } from './disk.js'
import { JournalDamagedError, SalvageError } from './errors.js'
import { fileKind } from './fileHeader.js'
import { checkpointsIn, type NamedFile, segmentsIn } from './fileNames.js'
import { encodeFrame, frameHeaderBytes, frameKind, frameRoomOf } from './frame.js'
import { storeIdIn } from './inspect.js'
import { decodeTable, encodeTable, PayloadReader, type TableRecord } from './payload.js'
import { type FrameView, type FrameVisitor, readFileHeader } from './segmentScan.js'
import { SegmentWriter } from './segmentWriter.js'
import { type Gap, type SoundFrames, visitSoundFrames } from './soundFrames.js'
import { newStoreId } from './storeId.js'

export interface SalvageReport {
  readonly tables: readonly TableRecord[]
  /** Tables whose names are lost: their entries were saved in tables named after their numbers. */
  readonly namelessTables: readonly number[]
  readonly transactions: number
  /** Puts and removals. */
  readonly entries: number
  readonly journalEntries: number
  /** What could not be read: damage, torn tails and missing segments. */
  readonly lost: readonly Gap[]
}

/** A file, and the positions in it that count. */
interface Source {
  readonly file: NamedFile
  readonly isCheckpoint: boolean
  readonly from: number
  readonly to: number
}

/**
 * Writes all that can still be read of a store to an empty directory, as a store of its own. Each transaction
 * is saved whole or not at all; those behind a gap may build on what the gap has swallowed. Changes nothing
 * of the old store.
 */
export function salvageStore(disk: Disk, target: Disk): SalvageReport {
  if (target.list().length > 0)
    throw new SalvageError('the directory to write to is not empty: name a new one, or an empty one')
  const storeId = storeIdIn(disk)
  if (storeId === undefined) throw new SalvageError('there is no file of a store in the directory')
  const sources = sourcesIn(disk)
  const found = survey(disk, sources, storeId)
  const writer = new SalvageWriter(target)
  for (const table of found.tables) writer.add(frameKind.table, encodeTable(table))
  for (const source of sources) {
    visitSource(disk, source, {
      storeId,
      visit: ({ bytes, start, end, kind }) => {
        if (kind !== frameKind.table) writer.add(kind, bytes.subarray(start, end))
      },
    })
  }
  writer.end()
  return found
}

/**
 * Where the data is, oldest first. It begins with the newest checkpoint that is whole; of later ones, which
 * are not, what is readable comes between what of the journal is older and newer than they.
 */
function sourcesIn(disk: Disk): Source[] {
  const names = disk.list()
  const checkpoints = checkpointsIn(names)
  const firstUsed = Math.max(
    0,
    checkpoints.findLastIndex((file) => isWhole(disk, file)),
  )
  const used = checkpoints.slice(firstUsed)
  const segments = segmentsIn(names)
  const journal = (from: number, to: number): Source[] =>
    segments
      .filter(({ position }, at) => position < to && (segments[at + 1]?.position ?? Infinity) > from)
      .map((file) => ({ file, isCheckpoint: false, from, to }))
  const firstPosition = used[0] !== undefined && isWhole(disk, used[0]) ? used[0].position : 0
  const sources = used.length === 0 || firstPosition > 0 ? [] : journal(0, used[0]!.position)
  for (const [at, file] of used.entries()) {
    sources.push({ file, isCheckpoint: true, from: 0, to: Infinity })
    sources.push(...journal(file.position, used[at + 1]?.position ?? Infinity))
  }
  return used.length === 0 ? journal(0, Infinity) : sources
}

function isWhole(disk: Disk, file: NamedFile): boolean {
  try {
    const scan = new CheckpointScan(disk, file, () => {})
    while (scan.step()) continue
    return true
  } catch (error) {
    if (error instanceof JournalDamagedError) return false
    throw error
  }
}

/** A first reading: what there is, which tables are named, and what is lost. */
function survey(disk: Disk, sources: readonly Source[], storeId: Uint8Array): SalvageReport {
  const named = new Map<number, TableRecord>()
  const usedTables = new Set<number>()
  const reach = new Reach()
  const payload = new PayloadReader()
  const counts = { transactions: 0, entries: 0, journalEntries: 0 }
  const visit = ({ bytes, start, end, kind, isFromCheckpoint }: FrameView): void => {
    if (kind === frameKind.entry) counts.journalEntries++
    else if (kind === frameKind.table) {
      const table = decodeTable(bytes, start, end)
      named.set(table.id, table)
    } else {
      if (!isFromCheckpoint) counts.transactions++
      payload.open(bytes, start, end)
      for (; payload.next(); counts.entries++) usedTables.add(payload.table)
    }
  }
  for (const source of sources) reach.add(source, visitSource(disk, source, { storeId, visit }))
  const lost = reach.end(requiredBy(disk, sources))
  const unnamed = namelessBelow(Math.max(0, ...usedTables, ...named.keys()), named)
  const tables = [...named.values(), ...unnamed].sort((a, b) => a.id - b.id)
  return { ...counts, tables, namelessTables: unnamed.map(({ id }) => id), lost }
}

/** How far the journal that was read reaches, and what was missing on the way. */
class Reach {
  readonly #lost = new Map<string, Gap>()
  #position: number | undefined

  add({ file, isCheckpoint, from, to }: Source, { gaps, endPosition }: SoundFrames): void {
    this.#require(file, 'before')
    for (const gap of gaps) {
      // What a checkpoint holds is not lost with the journal below it.
      const isNeeded = (gap.toPosition ?? Infinity) > from && (gap.fromPosition ?? 0) < to
      if (isCheckpoint || isNeeded) this.#lost.set(`${gap.file} ${gap.offset}`, gap)
    }
    this.#position = Math.max(isCheckpoint ? file.position : endPosition, this.#position ?? 0)
  }

  /** What is lost, given a place that the journal had reached. */
  end(required: NamedFile | undefined): Gap[] {
    if (required !== undefined) this.#require(required, 'required')
    return [...this.#lost.values()]
  }

  #require({ name, position }: NamedFile, why: string): void {
    if (this.#position === undefined || position <= this.#position) return
    const gap = { file: name, offset: 0, lengthBytes: 0, fromPosition: this.#position, toPosition: position }
    this.#lost.set(`${name} ${why}`, gap)
  }
}

/** The checkpoint that needs the longest journal, with the position that it needs. */
function requiredBy(disk: Disk, sources: readonly Source[]): NamedFile | undefined {
  return sources
    .filter(({ isCheckpoint }) => isCheckpoint)
    .map(({ file }) => ({ name: file.name, position: requiredOf(disk, file) }))
    .reduce<NamedFile | undefined>(
      (most, file) => (most === undefined || file.position > most.position ? file : most),
      undefined,
    )
}

function requiredOf(disk: Disk, file: NamedFile): number {
  try {
    return readFileHeader(disk, file, fileKind.checkpoint).required
  } catch (error) {
    if (error instanceof JournalDamagedError) return file.position
    throw error
  }
}

/** Tables are numbered from 1 without gaps, so one that nothing names any more gets a name of its number. */
function namelessBelow(last: number, named: ReadonlyMap<number, TableRecord>): TableRecord[] {
  const taken = new Set([...named.values()].map(({ name }) => name))
  return Array.from({ length: last }, (_, at) => at + 1)
    .filter((id) => !named.has(id))
    .map((id) => {
      let name = `table-${id}`
      while (taken.has(name)) name += '-lost'
      return { id, name, format: 'bytes' }
    })
}

function visitSource(
  disk: Disk,
  { file, isCheckpoint, from, to }: Source,
  { storeId, visit }: { readonly storeId: Uint8Array; readonly visit: FrameVisitor },
): SoundFrames {
  const isData = (kind: number) =>
    kind === frameKind.transaction || kind === frameKind.table || kind === frameKind.entry
  return visitSoundFrames(disk, file, {
    storeId,
    isCheckpoint,
    visit: (frame) => {
      const isInside = isCheckpoint || (frame.position >= from && frame.position < to)
      if (isInside && isData(frame.kind)) visit(frame)
    },
  })
}

const groupBytes = 1024 * 1024

/** Writes frames, one behind the other, as the journal of a new store. */
class SalvageWriter {
  readonly #seed: number
  readonly #writer: SegmentWriter
  #group = Buffer.alloc(groupBytes)
  #lengthBytes = 0

  constructor(disk: Disk) {
    const storeId = newStoreId()
    this.#seed = crc32cSeed(storeId)
    this.#writer = SegmentWriter.begin(disk, { storeId, position: 0 })
  }

  add(kind: number, payload: Uint8Array): void {
    const roomBytes = frameRoomOf(frameHeaderBytes + payload.length)
    if (this.#lengthBytes + roomBytes > this.#group.length) this.#flush()
    if (roomBytes > this.#group.length) this.#group = Buffer.alloc(roomBytes)
    const position = this.#writer.position + this.#lengthBytes
    this.#lengthBytes = encodeFrame(this.#group, this.#lengthBytes, { kind, position, payload }, this.#seed)
  }

  end(): void {
    this.#flush()
    this.#writer.end(this.#writer.position)
  }

  #flush(): void {
    if (this.#lengthBytes === 0) return
    this.#writer.write(this.#writer.position, [this.#group.subarray(0, this.#lengthBytes)])
    this.#writer.sync()
    this.#lengthBytes = 0
  }
}
