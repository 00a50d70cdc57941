import { describe, expect, test } from 'vitest'
import { SalvageError } from '../../src/durable/errors.js'
import { checkpointName, segmentName } from '../../src/durable/fileNames.js'
import { frameKind } from '../../src/durable/frame.js'
import { inspectStore } from '../../src/durable/inspect.js'
import { encodeTable, PayloadWriter } from '../../src/durable/payload.js'
import { salvageStore } from '../../src/durable/salvage.js'
import { frameOf, scanAll, storeId, writeCheckpoint, writeGroup, writerOn } from '../kit/journalKit.js'
import { MemoryDisk } from '../kit/memoryDisk.js'

const room = 24

function journal(): MemoryDisk {
  const disk = new MemoryDisk()
  const writer = writerOn(disk, { segmentBytes: 200 })
  for (const entry of ['a', 'b', 'c', 'd', 'e']) {
    writeGroup(writer, [entry])
    writer.sync()
  }
  return disk
}

function damaged(disk: MemoryDisk, name: string, offset: number): MemoryDisk {
  disk.files.get(name)![offset]! ^= 1
  return disk
}

function salvaged(disk: MemoryDisk) {
  const target = new MemoryDisk()
  const report = salvageStore(disk, target)
  const { records, scan } = scanAll(target)
  expect(scan).toMatchObject({ cuts: [], isEnded: true })
  expect(scan.storeId).not.toEqual(storeId)
  return { report, records }
}

describe('salvaging', () => {
  test('a sound journal loses nothing', () => {
    const { report, records } = salvaged(journal())
    expect(records).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(report).toMatchObject({ journalEntries: 5, lost: [] })
  })

  test('saves what comes behind damage too, and says what was there', () => {
    const name = segmentName(0)
    const { report, records } = salvaged(damaged(journal(), name, 64 + 32 + 16))
    expect(records).toEqual(['b', 'c', 'd', 'e'])
    expect(report.lost).toEqual([
      { file: name, offset: 96, lengthBytes: room, fromPosition: 0, toPosition: room },
    ])
  })

  test('names a missing segment', () => {
    const disk = journal()
    disk.remove(segmentName(2 * room))
    const { report, records } = salvaged(disk)
    expect(records).toEqual(['a', 'b', 'e'])
    expect(report.lost).toEqual([
      {
        file: segmentName(4 * room),
        offset: 0,
        lengthBytes: 0,
        fromPosition: 2 * room,
        toPosition: 4 * room,
      },
    ])
  })

  test('reads a segment whose header is damaged, and one that is the only one', () => {
    for (const keepsOthers of [true, false]) {
      const disk = damaged(journal(), segmentName(0), 35)
      if (!keepsOthers) for (const name of disk.list()) if (name !== segmentName(0)) disk.remove(name)
      expect(salvaged(disk).records.slice(0, 2)).toEqual(['a', 'b'])
    }
  })

  test('lists a torn tail', () => {
    const disk = journal()
    const name = segmentName(4 * room)
    disk.truncate(name, disk.size(name) - 1)
    const { report, records } = salvaged(disk)
    expect(records).toEqual(['a', 'b', 'c', 'd'])
    expect(report.lost).toMatchObject([{ file: name, lengthBytes: room - 1, toPosition: undefined }])
  })

  test('uses the newest whole checkpoint, and what is readable of a later one between older and newer records', () => {
    const disk = journal()
    writeCheckpoint(disk, { position: room, required: room }, [['old', '1']])
    writeCheckpoint(disk, { position: 3 * room, required: 3 * room }, [['new', '2']])
    expect(salvaged(disk).records.slice(1)).toEqual([expect.stringContaining('6e6577'), 'd', 'e'])
    damaged(disk, checkpointName(3 * room), disk.size(checkpointName(3 * room)) - 4)
    const { report, records } = salvaged(disk)
    const old = expect.stringContaining('6f6c64')
    expect(records.slice(1)).toEqual([old, 'b', 'c', expect.stringContaining('6e6577'), 'd', 'e'])
    expect(report.lost).toMatchObject([{ file: checkpointName(3 * room) }])
  })

  test('misses a journal that a checkpoint needs, and nothing that a checkpoint holds', () => {
    const alone = new MemoryDisk()
    writeCheckpoint(alone, { position: 48, required: 72 }, [['k', 'v']])
    expect(salvaged(alone).report.lost).toEqual([
      { file: checkpointName(48), offset: 0, lengthBytes: 0, fromPosition: 48, toPosition: 72 },
    ])
    const held = damaged(journal(), segmentName(0), 64 + 32 + 16)
    writeCheckpoint(held, { position: room, required: room }, [['a', '']])
    const { report, records } = salvaged(held)
    expect(report.lost).toEqual([])
    expect(records.slice(2)).toEqual(['b', 'c', 'd', 'e'])
  })

  test('gives tables names again that nothing says any more', () => {
    const disk = new MemoryDisk()
    const payload = new PayloadWriter()
    payload.bytes.write('kv', payload.entry(2, 1, 1))
    const table = frameOf(0, encodeTable({ id: 1, name: 'table-2', format: 'json' }), frameKind.table)
    const transaction = frameOf(table.length, payload.bytes.subarray(0, payload.lengthBytes), 2)
    writerOn(disk).write(0, [table, transaction])
    const { report, records } = salvaged(disk)
    expect(report).toMatchObject({ namelessTables: [2], transactions: 1, entries: 1 })
    expect(records.slice(0, 2)).toEqual(['table-2:json', 'table-2-lost:bytes'])
  })

  test('never fails, and never invents, wherever a bit is changed', () => {
    const whole = ['a', 'b', 'c', 'd', 'e']
    const store = journal()
    for (const [name, bytes] of store.files) {
      for (let bit = 0; bit < bytes.length * 8; bit += 3) {
        const disk = new MemoryDisk(store.files)
        disk.files.get(name)![bit >> 3]! ^= 1 << (bit & 7)
        const { records } = salvaged(disk)
        expect(records).toEqual(whole.filter((entry) => records.includes(entry)))
        expect(records.length).toBeGreaterThanOrEqual(4)
      }
    }
  })

  test('needs something to read, and an empty place to write to', () => {
    expect(() => salvageStore(new MemoryDisk(), new MemoryDisk())).toThrow(SalvageError)
    expect(() => salvageStore(journal(), journal())).toThrow(/not empty/)
  })
})

describe('inspecting', () => {
  test('says what is in each file, and what opening comes to', () => {
    const report = inspectStore(journal())
    expect(report).toMatchObject({
      storeId: '00112233-4455-6677-8899-aabbccddeeff',
      opening: { verdict: 'opens', journalEntries: 5, isEnded: false, endPosition: 5 * room },
      checkpoints: [],
      temporary: [],
    })
    expect(report.segments[0]).toMatchObject({
      file: segmentName(0),
      position: 0,
      endPosition: 2 * room,
      frames: { mark: 2, entry: 2 },
      gaps: [],
      problem: undefined,
    })
  })

  test('goes on where opening would refuse', () => {
    const report = inspectStore(damaged(journal(), segmentName(0), 64 + 32 + 16))
    expect(report.opening).toMatchObject({
      verdict: 'refused',
      file: segmentName(0),
      offset: 96,
      position: 0,
    })
    expect(report.segments[0]!.gaps).toHaveLength(1)
    expect(report.segments).toHaveLength(3)
  })

  test('says that there is nothing', () => {
    expect(inspectStore(new MemoryDisk()).opening).toEqual({ verdict: 'empty' })
  })
})
