import { describe, expect, test } from 'vitest'
import { crc32c, crc32cSeed } from '../../src/durable/crc32c.js'
import {
  JournalClosedError,
  JournalDamagedError,
  JournalFailedError,
  JournalVersionError,
} from '../../src/durable/errors.js'
import {
  decodeFileHeader,
  encodeFileHeader,
  fileHeaderBytes,
  fileKind,
} from '../../src/durable/fileHeader.js'
import {
  checkpointName,
  checkpointsIn,
  reserveFile,
  segmentName,
  segmentsIn,
  temporaryIn,
} from '../../src/durable/fileNames.js'
import {
  encodeFrame,
  frameKind,
  frameLengthOf,
  frameRoomOf,
  isFrameSound,
  markBytes,
} from '../../src/durable/frame.js'
import { getU32, getU64, putU32 } from '../../src/durable/littleEndian.js'
import { SegmentWriter } from '../../src/durable/segmentWriter.js'
import { CrashDisk, PowerFailure } from '../kit/crashDisk.js'
import { MemoryDisk } from '../kit/memoryDisk.js'

const storeId = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const seed = crc32cSeed(storeId)

function frameOf(position: number, payloadBytes: number): Buffer {
  const target = Buffer.alloc(frameRoomOf(16 + payloadBytes))
  encodeFrame(target, 0, { kind: frameKind.entry, position, payload: Buffer.alloc(payloadBytes, 'p') }, seed)
  return target
}

/** `kind@position` of each frame of a segment, marks with what they say, up to a place without one. */
function framesIn(bytes: Buffer): string[] {
  const frames: string[] = []
  for (let at = fileHeaderBytes; at < bytes.length && getU32(bytes, at) !== 0; ) {
    const word = getU32(bytes, at)
    expect(isFrameSound(bytes, at, seed)).toBe(true)
    const said =
      frameLengthOf(word) === markBytes ? `(${getU64(bytes, at + 16)},${getU64(bytes, at + 24)})` : ''
    frames.push(`${word >>> 28}@${getU64(bytes, at + 8)}${said}`)
    at += frameRoomOf(frameLengthOf(word))
  }
  return frames
}

/** False if the power failed. */
function attempt(action: () => void): boolean {
  try {
    action()
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(PowerFailure)
    return false
  }
}

describe('a segment writer', () => {
  test('writes groups behind marks that say what was durable', () => {
    const disk = new MemoryDisk()
    const writer = SegmentWriter.begin(disk, { storeId, position: 0, aheadBytes: 100 })
    writer.write(0, [frameOf(0, 8), frameOf(24, 1)])
    writer.sync()
    writer.write(48, [frameOf(48, 8)])
    expect([writer.position, writer.synced]).toEqual([72, 48])
    writer.write(72, [frameOf(72, 8)])
    writer.end(96)
    const file = disk.files.get(segmentName(0))!
    expect(decodeFileHeader('f', file)).toEqual({
      kind: fileKind.segment,
      storeId: Uint8Array.from(storeId),
      position: 0,
      required: 0,
    })
    expect(framesIn(file)).toEqual([
      '1@0(0,48)',
      '4@0',
      '4@24',
      '1@48(48,24)',
      '4@48',
      '1@72(48,24)',
      '4@72',
      '6@96(96,0)',
    ])
    expect(file).toHaveLength(fileHeaderBytes + 4 * markBytes + 96)
  })

  test('writes small groups into zeros that are there already', () => {
    const disk = new CrashDisk(512)
    const writer = SegmentWriter.begin(disk, { storeId, position: 0, aheadBytes: 200 })
    const name = segmentName(0)
    writer.write(0, [frameOf(0, 8)])
    const lengthBytes = fileHeaderBytes + markBytes + 24 + 200
    expect(disk.size(name)).toBe(lengthBytes)
    writer.write(24, [frameOf(24, 8)])
    writer.write(48, [frameOf(48, 8)])
    expect(disk.size(name)).toBe(lengthBytes)
    writer.write(72, [frameOf(72, 70_000)])
    expect(disk.size(name)).toBe(fileHeaderBytes + 4 * markBytes + 72 + frameRoomOf(70_016))
  })

  test('begins another segment when one is full, after syncing and shortening it', () => {
    const disk = new CrashDisk(512)
    const writer = SegmentWriter.begin(disk, { storeId, position: 1000, segmentBytes: 200, aheadBytes: 100 })
    for (let position = 1000; position < 1120; position += 24) writer.write(position, [frameOf(position, 8)])
    writer.write(1120, [frameOf(1120, 500)])
    writer.write(1120 + 520, [frameOf(1640, 8)])
    const positions = segmentsIn(disk.list()).map(({ position }) => position)
    expect(positions).toEqual([1000, 1048, 1096, 1120, 1640])
    expect(disk.size(segmentName(1000))).toBe(fileHeaderBytes + 2 * (markBytes + 24))
    expect(writer.segmentPosition).toBe(1640)
    // All of an older segment is on the medium before the next one is.
    const durable = disk.survivors(() => false)
    expect(framesIn(durable.files.get(segmentName(1096))!)).toEqual(['1@1096(1096,24)', '4@1096'])
  })

  test('begins another segment when told to, unless this one is empty', () => {
    const disk = new MemoryDisk()
    const writer = SegmentWriter.begin(disk, { storeId, position: 0 })
    writer.rotate()
    writer.write(0, [frameOf(0, 8)])
    writer.rotate()
    writer.rotate()
    expect(segmentsIn(disk.list()).map(({ position }) => position)).toEqual([0, 24])
  })

  test('writes over a segment that is needed no more, and removes it when it ends unused', () => {
    const disk = new CrashDisk(512)
    const writer = SegmentWriter.begin(disk, { storeId, position: 0, aheadBytes: 0 })
    writer.write(0, [frameOf(0, 1000)])
    writer.rotate()
    const sizeBytes = disk.size(segmentName(0))
    disk.rename(segmentName(0), reserveFile)
    const start = writer.position + 1016
    writer.write(writer.position, [frameOf(writer.position, 1000)])
    writer.rotate()
    expect(disk.list().sort()).toEqual([segmentName(1016), segmentName(start)])
    writer.write(start, [frameOf(start, 8)])
    writer.write(start + 24, [frameOf(start + 24, 8)])
    expect(disk.size(segmentName(start))).toBe(sizeBytes)
    const header = decodeFileHeader('f', disk.survivors(() => true).files.get(segmentName(start))!)
    expect(header.position).toBe(start)
    disk.rename(segmentName(1016), reserveFile)
    writer.end(start + 48)
    expect(disk.list()).toEqual([segmentName(start)])
    expect(disk.size(segmentName(start))).toBe(fileHeaderBytes + 3 * markBytes + 48)
  })

  test('never leaves a segment with the name of one and the header of another', () => {
    let crashes = 0
    for (let at = 0; ; at++) {
      const disk = new CrashDisk(512)
      const writer = SegmentWriter.begin(disk, { storeId, position: 0, aheadBytes: 0 })
      writer.write(0, [frameOf(0, 1000)])
      writer.rotate()
      writer.write(1016, [frameOf(1016, 8)])
      // As a checkpoint's thread does it, which has not come to syncing the directory.
      disk.rename(segmentName(0), reserveFile)
      disk.failPowerAt = disk.operations.length + at
      const isOver = attempt(() => writer.rotate())
      for (let kept = 0; kept < 2 ** disk.changeCount; kept++) {
        const survivor = disk.survivors((change) => ((kept >> change) & 1) === 1)
        for (const { name, position } of segmentsIn(survivor.list())) {
          crashes++
          expect(decodeFileHeader(name, survivor.files.get(name)!).position).toBe(position)
        }
      }
      if (isOver) break
    }
    expect(crashes).toBeGreaterThan(20)
  })

  test('replaces an empty segment of an earlier run, and what a crash left of its creation', () => {
    const disk = new MemoryDisk()
    SegmentWriter.begin(disk, { storeId, position: 24 }).end(24)
    disk.write(`${segmentName(24)}.tmp`, 0, [Buffer.alloc(500, 'x')])
    SegmentWriter.begin(disk, { storeId, position: 24 }).sync()
    expect(disk.list()).toEqual([segmentName(24)])
    expect(disk.size(segmentName(24))).toBe(fileHeaderBytes)
  })

  test('syncs once for what was written, and not for nothing', () => {
    const disk = new CrashDisk(512)
    const writer = SegmentWriter.begin(disk, { storeId, position: 0 })
    const before = disk.operations.length
    writer.sync()
    writer.write(0, [frameOf(0, 8)])
    writer.sync()
    writer.sync()
    expect(disk.operations.slice(before)).toEqual(['write', 'sync'])
  })

  test('does nothing after its first error', () => {
    for (const code of ['EIO', 'ENOSPC', 'EROFS'] as const) {
      const disk = new CrashDisk(512)
      const writer = SegmentWriter.begin(disk, { storeId, position: 0 })
      writer.write(0, [frameOf(0, 8)])
      disk.fault = { at: disk.operations.length, code }
      expect(() => writer.sync()).toThrow(code)
      const count = disk.operations.length
      for (const operation of [
        () => writer.sync(),
        () => writer.write(24, [frameOf(24, 8)]),
        () => writer.rotate(),
        () => writer.end(24),
      ]) {
        expect(operation).toThrow(JournalFailedError)
      }
      expect(disk.operations).toHaveLength(count)
      expect(writer.synced).toBe(0)
    }
  })

  test('refuses a group that is not the next one, and any after the end', () => {
    const writer = SegmentWriter.begin(new MemoryDisk(), { storeId, position: 0 })
    expect(() => writer.write(8, [frameOf(8, 8)])).toThrow(RangeError)
    writer.end(0)
    expect(() => writer.write(0, [frameOf(0, 8)])).toThrow(JournalClosedError)
  })
})

describe('the header of a file', () => {
  const header = {
    kind: fileKind.checkpoint,
    storeId: Uint8Array.from(storeId),
    position: 0x1234567890,
    required: 2 ** 41,
  }

  test('has these bytes', () => {
    expect(Buffer.from(encodeFileHeader(header)).toString('hex')).toBe(
      '544944454d41524b010000000200000000112233445566778899aabbccddeeff9078563412000000000000000002000000000000000000000000000096be7703',
    )
    expect(decodeFileHeader('f', encodeFileHeader(header))).toEqual(header)
  })

  test('with any bit changed, or cut short, is refused as damage', () => {
    const bytes = encodeFileHeader(header)
    for (let bit = 0; bit < fileHeaderBytes * 8; bit++) {
      const changed = Uint8Array.from(bytes)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => decodeFileHeader('f', changed)).toThrow(JournalDamagedError)
    }
    for (let end = 0; end < fileHeaderBytes; end++)
      expect(() => decodeFileHeader('f', bytes.subarray(0, end))).toThrow(JournalDamagedError)
  })

  test('of a version that is not known is refused as such', () => {
    // The library's own words for a later version: whole, but for the version.
    const later = Buffer.from(encodeFileHeader(header))
    putU32(later, 8, 2)
    putU32(later, 60, crc32c(later.subarray(0, 60)))
    expect(() => decodeFileHeader('journal-1.log', later)).toThrow(JournalVersionError)
    expect(() => decodeFileHeader('journal-1.log', later)).toThrow(
      'journal-1.log has format version 2; this version of tidemark knows 1',
    )
  })
})

describe('the names of files', () => {
  test('say the position, and sort by it', () => {
    expect([segmentName(0x1f), checkpointName(2 ** 52)]).toEqual([
      'journal-000000000000001f.log',
      'checkpoint-0010000000000000.ckpt',
    ])
    const names = [
      segmentName(256),
      segmentName(3),
      'journal-1.log',
      checkpointName(9),
      'lock',
      `${segmentName(4)}.tmp`,
      'x.tmp',
    ]
    expect(segmentsIn(names).map(({ position }) => position)).toEqual([3, 256])
    expect(checkpointsIn(names)).toEqual([{ name: checkpointName(9), position: 9 }])
    expect(temporaryIn(names)).toEqual([`${segmentName(4)}.tmp`])
  })
})
