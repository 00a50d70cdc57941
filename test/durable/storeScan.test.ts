import { describe, expect, test } from 'vitest'
import { removeObsolete } from '../../src/durable/checkpointFile.js'
import { JournalDamagedError, JournalVersionError } from '../../src/durable/errors.js'
import { checkpointName, reserveFile, segmentName, segmentsIn } from '../../src/durable/fileNames.js'
import { frameKind } from '../../src/durable/frame.js'
import { crc32c } from '../../src/durable/crc32c.js'
import { putU32 } from '../../src/durable/littleEndian.js'
import { repairStore } from '../../src/durable/storeScan.js'
import { CrashDisk } from '../kit/crashDisk.js'
import { frameOf, scanAll, storeId, writeCheckpoint, writeGroup, writerOn } from '../kit/journalKit.js'
import { MemoryDisk } from '../kit/memoryDisk.js'

const small = { segmentBytes: 200 }
/** Room of an entry whose payload has up to 8 bytes. */
const room = 24

function journalOf(groups: readonly (readonly string[])[], settings = {}): MemoryDisk {
  const disk = new MemoryDisk()
  const writer = writerOn(disk, settings)
  for (const group of groups) {
    writeGroup(writer, group)
    writer.sync()
  }
  return disk
}

function damage(disk: MemoryDisk, name: string, offset: number): void {
  disk.files.get(name)![offset]! ^= 0x40
}

describe('scanning a journal', () => {
  test('finds nothing in an empty directory', () => {
    const { records, scan } = scanAll(new MemoryDisk())
    expect(records).toEqual([])
    expect(scan).toMatchObject({ storeId: undefined, segments: [], endPosition: 0, isEnded: true, cuts: [] })
  })

  test('visits all entries, through several segments and runs', () => {
    const disk = journalOf([['a', 'b'], ['c'], ['d'], ['e', 'f', 'g', 'h', 'i']], small)
    const first = scanAll(disk)
    expect(first.records).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'])
    expect(first.scan).toMatchObject({ storeId, isEnded: false, endPosition: 9 * room })
    const writer = writerOn(disk, { ...small, position: first.scan.endPosition })
    writer.end(writeGroup(writer, ['j']))
    const second = scanAll(disk)
    expect(second.records.join('')).toBe('abcdefghij')
    expect(second.scan).toMatchObject({ isEnded: true, cuts: [], obsolete: [], temporary: [] })
    expect(second.scan.segments.length).toBeGreaterThan(2)
  })

  test('passes zeros written ahead, and frames whose writer died', () => {
    const disk = new MemoryDisk()
    const writer = writerOn(disk, { aheadBytes: 300 })
    writer.write(0, [frameOf(0, 'lost', frameKind.void), frameOf(room, 'kept')])
    const { records, scan } = scanAll(disk)
    expect(records).toEqual(['kept'])
    expect(scan).toMatchObject({ cuts: [], endPosition: 2 * room })
    expect(scan.segments[0]!.lengthBytes).toBe(disk.size(segmentName(0)) - 300)
  })

  test('ends where a segment that was used before still has frames of then', () => {
    const disk = new MemoryDisk()
    const writer = writerOn(disk)
    for (const entry of ['a', 'b', 'c', 'd', 'e']) writeGroup(writer, [entry])
    writer.rotate()
    writeGroup(writer, ['f'])
    disk.rename(segmentName(0), reserveFile)
    writer.rotate()
    const start = writer.position
    writeCheckpoint(disk, { position: start, required: start }, [])
    writeGroup(writer, ['g'])
    writeGroup(writer, ['h'])
    const whole = scanAll(disk)
    expect(whole.records.slice(-2)).toEqual(['g', 'h'])
    expect(whole.scan).toMatchObject({ cuts: [], endPosition: start + 2 * room, isEnded: false })
    // In the middle of an old frame: whether that is one, or one that was torn, nobody can tell.
    writeGroup(writer, ['a longer one, so that'])
    const torn = scanAll(disk)
    expect(torn.records).toHaveLength(whole.records.length + 1)
    expect(torn.scan.cuts).toMatchObject([{ position: writer.position }])
    // Old frames are no excuse for new ones that are missing.
    disk.files.set(segmentName(start), Buffer.from(disk.files.get(segmentName(start))!.fill(0, 64, 104)))
    writeCheckpoint(disk, { position: start, required: start + room }, [])
    expect(() => scanAll(disk)).toThrow(JournalDamagedError)
  })

  test('reads frames longer than what it reads at once, and lets others have a turn', () => {
    const long = 'x'.repeat(3_000_000)
    const disk = journalOf([['a'], [long, 'b'], ['c']])
    const { records } = scanAll(disk)
    expect(records.map((record) => record.length)).toEqual([1, 3_000_000, 1, 1])
    expect(records[1] === long).toBe(true)
  })

  test('cuts a torn tail off and reports it', () => {
    const disk = journalOf([['a'], ['b', 'c']])
    const name = segmentName(0)
    const torn = disk.size(name) - 10
    disk.truncate(name, torn)
    const { records, scan } = scanAll(disk)
    expect(records).toEqual(['a', 'b'])
    const offset = torn - (room - 10)
    expect(scan.cuts).toEqual([
      {
        file: name,
        offset,
        position: 2 * room,
        droppedBytes: room - 10,
        reason: 'the length of the frame does not fit',
      },
    ])
    repairStore(disk, scan)
    expect(disk.size(name)).toBe(offset)
    const again = scanAll(disk)
    expect([again.records, again.scan.cuts]).toEqual([['a', 'b'], []])
  })

  test('cuts a frame whose checksum does not match, if nothing proves that it was durable', () => {
    const disk = journalOf([['a'], ['b', 'c']])
    const name = segmentName(0)
    damage(disk, name, disk.size(name) - 2 * room + 16)
    const { records, scan } = scanAll(disk)
    expect(records).toEqual(['a'])
    expect(scan.cuts).toMatchObject([{ position: room, droppedBytes: 2 * room }])
    expect(scan.cuts[0]?.reason).toMatch(/checksum/)
  })

  test('refuses damage that a later mark, segment or end proves', () => {
    const laterMark = journalOf([['a'], ['b'], ['c']])
    const laterSegment = journalOf([['a'], ['b'], ['c'], ['d']], small)
    const laterEnd = new MemoryDisk()
    const writer = writerOn(laterEnd)
    writer.end(writeGroup(writer, ['a']))
    for (const disk of [laterMark, laterSegment, laterEnd]) {
      damage(disk, segmentName(0), 64 + 32 + 16)
      expect(() => scanAll(disk)).toThrow(JournalDamagedError)
      expect(() => scanAll(disk)).toThrow(
        /journal-0000000000000000.log is damaged at byte 96: the checksum .* salvage/,
      )
    }
  })

  test('refuses what it cannot have written, proven or not', () => {
    const twice = new MemoryDisk()
    writerOn(twice).write(0, [frameOf(0, 'a'), frameOf(0, 'a')])
    expect(() => scanAll(twice)).toThrow(/the frame is of another position/)
    const unknown = new MemoryDisk()
    writerOn(unknown).write(0, [frameOf(0, 'a', 9)])
    expect(() => scanAll(unknown)).toThrow(/a frame of this kind cannot be here/)
  })

  test('refuses a version that it does not know', () => {
    const disk = journalOf([['a']])
    const header = disk.files.get(segmentName(0))!
    putU32(header, 8, 7)
    putU32(header, 60, crc32c(header.subarray(0, 60)))
    expect(() => scanAll(disk)).toThrow(JournalVersionError)
  })

  test('refuses a missing segment, the first as any other', () => {
    const whole = journalOf([['a'], ['b'], ['c'], ['d'], ['e'], ['f']], small)
    const names = scanAll(whole).scan.segments.map(({ name }) => name)
    expect(names).toHaveLength(3)
    for (const missing of names.slice(0, 2)) {
      const disk = new MemoryDisk(whole.files)
      disk.remove(missing)
      expect(() => scanAll(disk)).toThrow(JournalDamagedError)
    }
  })

  test('refuses files of two stores', () => {
    const disk = journalOf([['a'], ['b'], ['c']], small)
    const other = new MemoryDisk()
    const id = Uint8Array.from(storeId).fill(9, 0, 1)
    writerOn(other, { position: 2 * room })
    const header = other.files.get(segmentName(2 * room))!
    header.set(id, 16)
    putU32(header, 60, crc32c(header.subarray(0, 60)))
    disk.files.set(segmentName(2 * room), header)
    expect(() => scanAll(disk)).toThrow(/another store/)
  })
})

describe('scanning a checkpoint', () => {
  const puts = [['k', 'v']] as const
  /** a..f at positions 0 to 5 rooms, in three segments, with a checkpoint at c that needs all up to e. */
  function storeWithCheckpoint(): MemoryDisk {
    const disk = journalOf([['a'], ['b'], ['c'], ['d'], ['e'], ['f']], small)
    writeCheckpoint(disk, { position: 2 * room, required: 4 * room }, puts)
    return disk
  }
  const block = 'block 01000100010000006b76'

  test('begins with it and goes on with the journal from its position', () => {
    const { records, scan } = scanAll(storeWithCheckpoint())
    expect(records).toEqual(['t:string', block, 'c', 'd', 'e', 'f'])
    expect(scan.checkpoint).toMatchObject({ position: 2 * room, required: 4 * room, entries: 1 })
    expect(scan.obsolete).toEqual([segmentName(0)])
  })

  test('removes what it makes superfluous', () => {
    const disk = storeWithCheckpoint()
    repairStore(disk, scanAll(disk).scan)
    expect(disk.list()).not.toContain(segmentName(0))
    expect(scanAll(disk).records).toEqual(['t:string', block, 'c', 'd', 'e', 'f'])
  })

  test('keeps the longest segment that it makes superfluous, to be used again', () => {
    const disk = journalOf([['a'], ['b', 'c', 'd', 'e', 'f', 'g', 'h'], ['i'], ['j']], small)
    const { segments, endPosition } = scanAll(disk).scan
    expect(segments.length).toBeGreaterThan(2)
    const longest = segments.slice(0, -1).reduce((a, b) => (a.fileBytes < b.fileBytes ? b : a))
    writeCheckpoint(disk, { position: endPosition, required: endPosition }, [])
    removeObsolete(disk, segments.at(-1)!.position)
    expect(disk.size(reserveFile)).toBe(longest.fileBytes)
    expect(segmentsIn(disk.list())).toHaveLength(1)
    // One is enough.
    const before = disk.files.get(reserveFile)
    removeObsolete(disk, endPosition)
    expect(disk.files.get(reserveFile)).toBe(before)
    expect(scanAll(disk).scan.temporary).toEqual([reserveFile])
  })

  test('may stand alone', () => {
    const disk = new MemoryDisk()
    writeCheckpoint(disk, { position: 48, required: 48 }, puts)
    expect(scanAll(disk)).toMatchObject({ records: ['t:string', block], scan: { endPosition: 48 } })
  })

  test('is refused if the journal does not reach what it needs', () => {
    const alone = new MemoryDisk()
    writeCheckpoint(alone, { position: 48, required: 72 }, puts)
    expect(() => scanAll(alone)).toThrow(/is missing/)
    const cut = journalOf([['a'], ['b'], ['c']])
    writeCheckpoint(cut, { position: room, required: 3 * room }, puts)
    cut.truncate(segmentName(0), cut.size(segmentName(0)) - 1)
    expect(() => scanAll(cut)).toThrow(/other files prove that all up to position 72 was durable/)
  })

  test('that is damaged is passed over while an older one or the whole journal will do', () => {
    const disk = storeWithCheckpoint()
    writeCheckpoint(disk, { position: 4 * room, required: 4 * room }, puts)
    damage(disk, checkpointName(4 * room), 100)
    const older = scanAll(disk)
    expect(older.scan.checkpoint?.position).toBe(2 * room)
    expect(older.scan.passedOver.map(({ name }) => name)).toEqual([checkpointName(4 * room)])
    damage(disk, checkpointName(2 * room), 20)
    expect(scanAll(disk).records).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  test('that is damaged is refused once nothing else will do', () => {
    const disk = storeWithCheckpoint()
    disk.remove(segmentName(0))
    damage(disk, checkpointName(2 * room), 100)
    expect(() => scanAll(disk)).toThrow(`${checkpointName(2 * room)} is damaged at byte 96`)
  })

  test('that is damaged still says how far the journal must reach', () => {
    const disk = journalOf([['a'], ['b']])
    writeCheckpoint(disk, { position: room, required: 2 * room }, puts)
    damage(disk, checkpointName(room), 100)
    disk.truncate(segmentName(0), disk.size(segmentName(0)) - 1)
    expect(() => scanAll(disk)).toThrow(JournalDamagedError)
  })
})

describe('repairing a store', () => {
  test('makes durable what only the system had in memory', () => {
    const disk = new CrashDisk(512)
    const writer = writerOn(disk)
    writeGroup(writer, ['a'])
    writer.sync()
    writeGroup(writer, ['b'])
    repairStore(disk, scanAll(disk).scan)
    expect(scanAll(disk.survivors(() => false)).records).toEqual(['a', 'b'])
  })

  test('writes once more what a failed sync may have left on no medium', () => {
    const disk = new CrashDisk(512)
    const writer = writerOn(disk)
    writeGroup(writer, ['a'])
    writer.sync()
    writeGroup(writer, ['b'])
    const before = disk.operations.length
    repairStore(disk, scanAll(disk).scan)
    expect(disk.operations.slice(before)).toEqual(['write', 'sync', 'syncDirectory'])
  })
})
