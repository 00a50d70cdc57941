import { describe, expect, test } from 'vitest'
import { removeObsolete } from '../../src/durable/checkpointFile.js'
import { TidemarkError } from '../../src/errors.js'
import { checkpointName } from '../../src/durable/fileNames.js'
import { scanAll, writeCheckpoint, writeGroup, writerOn } from '../kit/journalKit.js'
import { MemoryDisk } from '../kit/memoryDisk.js'

type Outcome = 'refused' | 'cut' | 'unharmed'

/** Three segments, the last of which was left with one group that nothing proves durable. */
function journal(): MemoryDisk {
  const disk = new MemoryDisk()
  const writer = writerOn(disk, { segmentBytes: 260, aheadBytes: 24 })
  for (const group of [['one', 'two'], ['three'], ['four', 'a longer one, of 32 bytes, number 5'], ['six']]) {
    writeGroup(writer, group)
    writer.sync()
  }
  return disk
}

/** The journal as `journal()`, closed, with a checkpoint in it that the recovery needs. */
function storeWithCheckpoint(): MemoryDisk {
  const disk = new MemoryDisk()
  const writer = writerOn(disk, { segmentBytes: 200, position: 1024 })
  writeCheckpoint(disk, { position: 1024, required: 1048 }, [
    ['key', 'value'],
    ['another key', 'x'.repeat(70)],
  ])
  for (const entry of ['one', 'two', 'three']) writeGroup(writer, [entry])
  writer.end(writer.position)
  return disk
}

/** A store whose last segment was written over an older one, of which frames are left behind its end. */
function storeWithUsedSegment(): MemoryDisk {
  const disk = new MemoryDisk()
  const writer = writerOn(disk)
  for (const entry of ['old 1', 'old 2', 'old 3', 'old 4', 'old 5', 'old 6']) writeGroup(writer, [entry])
  writer.rotate()
  writeCheckpoint(disk, { position: writer.position, required: writer.position }, [['key', 'value']])
  removeObsolete(disk, writer.position)
  writeGroup(writer, ['kept'])
  writer.rotate()
  for (const group of [['new 1'], ['new 2']]) {
    writeGroup(writer, group)
    writer.sync()
  }
  return disk
}

/** What a scan makes of a changed store: never records that were not written, never a gap. */
function outcomeOf(disk: MemoryDisk, whole: readonly string[]): Outcome {
  let found
  try {
    found = scanAll(disk)
  } catch (error) {
    if (error instanceof TidemarkError) return 'refused'
    throw error
  }
  const { records, scan } = found
  if (records.some((record, at) => record !== whole[at])) throw new Error(`wrong data: ${String(records)}`)
  if (scan.cuts.length > 0) return 'cut'
  return records.length === whole.length ? 'unharmed' : 'cut'
}

/** Changes each byte of each file; counts, per kind of file, what came of it. */
function expectHarmless(
  store: MemoryDisk,
  change: (bytes: Buffer, at: number) => Buffer[],
): Record<string, number> {
  const whole = scanAll(store).records
  const counts: Record<string, number> = {}
  for (const [name, bytes] of store.files) {
    for (let at = 0; at < bytes.length; at++) {
      for (const changed of change(bytes, at)) {
        const disk = new MemoryDisk(store.files)
        disk.files.set(name, changed)
        const kind = `${name.slice(0, name.indexOf('-'))} ${outcomeOf(disk, whole)}`
        counts[kind] = (counts[kind] ?? 0) + 1
      }
    }
  }
  return counts
}

const everyBit = (bytes: Buffer, at: number) =>
  Array.from({ length: 8 }, (_, bit) => withByte(bytes, at, bytes[at]! ^ (1 << bit)))

const everyValue = (bytes: Buffer, at: number) =>
  Array.from({ length: 51 }, (_, step) => withByte(bytes, at, (bytes[at]! + step * 5 + 1) & 0xff))

const cutShort = (bytes: Buffer, at: number) => [bytes.subarray(0, at)]

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at] = value
  return changed
}

describe.each([
  ['every bit', everyBit],
  ['every byte, to 51 other values', everyValue],
  ['every length', cutShort],
])('a change of %s', (_, change) => {
  test('of a journal is cut off, refused, or does no harm', () => {
    const counts = expectHarmless(journal(), change)
    expect(counts['journal refused']).toBeGreaterThan(0)
    expect(counts['journal cut']).toBeGreaterThan(0)
  })

  test('of a store with a segment that was used before is cut off, refused, or does no harm', () => {
    const counts = expectHarmless(storeWithUsedSegment(), change)
    expect(counts['journal refused']).toBeGreaterThan(0)
    expect(counts['journal cut']).toBeGreaterThan(0)
    expect(counts['journal unharmed']).toBeGreaterThan(0)
  })

  test('of a store with a checkpoint, closed, is refused or does no harm', () => {
    const counts = expectHarmless(storeWithCheckpoint(), change)
    expect(counts['journal refused']).toBeGreaterThan(0)
    expect(counts['checkpoint refused']).toBeGreaterThan(0)
  })
})

test('a checkpoint is refused for any change of it but in padding', () => {
  const store = storeWithCheckpoint()
  const name = checkpointName(1024)
  const counts = expectHarmless(new MemoryDisk(store.files), everyBit)
  const paddingBits = paddingBytesOf(store.files.get(name)!) * 8
  expect(counts['checkpoint unharmed']).toBe(paddingBits)
  expect(counts['checkpoint cut']).toBeUndefined()
})

/** Frames are padded to 8 bytes; the padding says nothing. */
function paddingBytesOf(bytes: Buffer): number {
  let padding = 0
  for (let at = 64; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at) & 0xfffffff
    padding += (8 - (length % 8)) % 8
    at += Math.ceil(length / 8) * 8
  }
  return padding
}

describe('a proven part of a journal', () => {
  test('is never cut: only the group that nothing proves durable can be lost', () => {
    const store = journal()
    const whole = scanAll(store).records
    for (const [name, bytes] of store.files) {
      for (let at = 0; at < bytes.length; at++) {
        for (const changed of everyBit(bytes, at)) {
          const disk = new MemoryDisk(store.files)
          disk.files.set(name, changed)
          try {
            expect(scanAll(disk).records.length).toBeGreaterThanOrEqual(whole.length - 1)
          } catch (error) {
            if (!(error instanceof TidemarkError)) throw error
          }
        }
      }
    }
  })
})
