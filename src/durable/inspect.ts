import { CheckpointScan } from './checkpointFile.js'
import type { Disk } from './disk.js'
import { JournalDamagedError, JournalVersionError, PayloadError } from './errors.js'
import { fileKind } from './fileHeader.js'
import { checkpointsIn, type NamedFile, segmentsIn, temporaryIn } from './fileNames.js'
import { frameKind, frameKindName } from './frame.js'
import { decodeTable, PayloadReader, type TableRecord } from './payload.js'
import { type Cut, type FrameView, type FrameVisitor, readFileHeader } from './segmentScan.js'
import { type Gap, visitSoundFrames } from './soundFrames.js'
import { storeIdText } from './storeId.js'
import { scanStore } from './storeScan.js'

export interface SegmentReport {
  readonly file: string
  readonly fileBytes: number
  readonly position: number
  readonly endPosition: number
  /** How many frames of each kind, by name. */
  readonly frames: Readonly<Record<string, number>>
  /** Parts without a sound frame, a torn tail included. */
  readonly gaps: readonly Gap[]
  /** What is wrong with its header. */
  readonly problem: string | undefined
}

export interface CheckpointReport {
  readonly file: string
  readonly fileBytes: number
  readonly position: number
  readonly required: number | undefined
  readonly entries: number | undefined
  readonly problem: string | undefined
}

/** What opening the store would come to. */
export type Opening =
  | { readonly verdict: 'empty' }
  | {
      readonly verdict: 'opens'
      /** False after a crash: the tail may have been cut off. */
      readonly isEnded: boolean
      readonly endPosition: number
      readonly checkpoint: string | undefined
      readonly cuts: readonly Cut[]
      readonly transactions: number
      /** Puts and removals, those of the checkpoint included. */
      readonly entries: number
      /** Of the journal's own, in `tidemark/journal`. */
      readonly journalEntries: number
    }
  | {
      readonly verdict: 'refused'
      readonly file: string
      readonly offset: number | undefined
      readonly position: number | undefined
      readonly reason: string
    }

export interface StoreReport {
  readonly storeId: string | undefined
  readonly opening: Opening
  readonly tables: readonly TableRecord[]
  readonly checkpoints: readonly CheckpointReport[]
  readonly segments: readonly SegmentReport[]
  /** What interrupted installations left; opening removes it. */
  readonly temporary: readonly string[]
}

/**
 * Reads every file of a store, sound or not, and says what is in it and what opening it would come to.
 * Changes nothing. What a live process writes meanwhile may look like damage.
 */
export function inspectStore(disk: Disk): StoreReport {
  const names = disk.list()
  const tables = new Map<number, TableRecord>()
  const storeId = storeIdIn(disk)
  const visit: FrameVisitor = ({ bytes, start, end, kind }) => {
    if (kind !== frameKind.table) return
    const table = decodeTable(bytes, start, end)
    tables.set(table.id, table)
  }
  return {
    storeId: storeId === undefined ? undefined : storeIdText(storeId),
    opening: opening(disk),
    checkpoints: checkpointsIn(names).map((file) => checkpointReport(disk, file, visit)),
    segments: segmentsIn(names).map((file) => segmentReport(disk, file, { storeId, visit })),
    tables: [...tables.values()].sort((a, b) => a.id - b.id),
    temporary: temporaryIn(names),
  }
}

/** The id that the first file with a sound header says; failing that, what stands in its place. */
export function storeIdIn(disk: Disk): Uint8Array | undefined {
  const names = disk.list()
  let guess: Uint8Array | undefined
  for (const [files, kind] of [
    [checkpointsIn(names), fileKind.checkpoint],
    [segmentsIn(names), fileKind.segment],
  ] as const) {
    for (const file of files) {
      try {
        return readFileHeader(disk, file, kind).storeId
      } catch (error) {
        if (!(error instanceof JournalDamagedError)) throw error
        const bytes = new Uint8Array(16)
        if (disk.read(file.name, 16, bytes) === bytes.length) guess ??= bytes
      }
    }
  }
  return guess
}

function opening(disk: Disk): Opening {
  let transactions = 0
  let entries = 0
  let journalEntries = 0
  const payload = new PayloadReader()
  const visit = ({ bytes, start, end, kind, isFromCheckpoint }: FrameView): void => {
    if (kind === frameKind.table) decodeTable(bytes, start, end)
    else if (kind === frameKind.entry) journalEntries++
    else {
      if (!isFromCheckpoint) transactions++
      payload.open(bytes, start, end)
      while (payload.next()) entries++
    }
  }
  try {
    const steps = scanStore(disk, visit)
    let step = steps.next()
    while (step.done !== true) step = steps.next()
    const { storeId, isEnded, endPosition, checkpoint, cuts } = step.value
    if (storeId === undefined) return { verdict: 'empty' }
    const counts = { transactions, entries, journalEntries }
    return { verdict: 'opens', isEnded, endPosition, checkpoint: checkpoint?.name, cuts, ...counts }
  } catch (error) {
    return refusal(error)
  }
}

function refusal(error: unknown): Opening {
  if (error instanceof JournalDamagedError) {
    const { file, offset, position, reason } = error
    return { verdict: 'refused', file, offset, position, reason }
  }
  if (error instanceof JournalVersionError || error instanceof PayloadError) {
    const file = error instanceof JournalVersionError ? error.file : ''
    return { verdict: 'refused', file, offset: undefined, position: undefined, reason: error.message }
  }
  throw error
}

function checkpointReport(disk: Disk, file: NamedFile, visit: FrameVisitor): CheckpointReport {
  const known = { file: file.name, fileBytes: disk.size(file.name), position: file.position }
  let required: number | undefined
  try {
    const scan = new CheckpointScan(disk, file, visit)
    required = scan.header.required
    while (scan.step()) continue
    return { ...known, required, entries: scan.entries, problem: undefined }
  } catch (error) {
    return { ...known, required, entries: undefined, problem: problemOf(error) }
  }
}

function segmentReport(
  disk: Disk,
  file: NamedFile,
  { storeId, visit }: { storeId: Uint8Array | undefined; visit: FrameVisitor },
): SegmentReport {
  let problem: string | undefined
  try {
    readFileHeader(disk, file, fileKind.segment)
  } catch (error) {
    problem = problemOf(error)
  }
  const options = { storeId: storeId ?? new Uint8Array(16), isCheckpoint: false, visit }
  const { gaps, endPosition, counts } = visitSoundFrames(disk, file, options)
  const frames = Object.fromEntries([...counts].map(([kind, count]) => [frameKindName(kind), count]))
  const known = { file: file.name, fileBytes: disk.size(file.name), position: file.position }
  return { ...known, endPosition, frames, gaps, problem }
}

function problemOf(error: unknown): string {
  if (error instanceof JournalDamagedError) return `at byte ${error.offset}: ${error.reason}`
  if (error instanceof JournalVersionError || error instanceof PayloadError) return error.message
  throw error
}
