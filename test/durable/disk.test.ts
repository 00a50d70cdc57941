import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { NodeDisk } from '../../src/durable/nodeDisk.js'
import { CrashDisk, PowerFailure } from '../kit/crashDisk.js'
import { testDisk } from '../kit/diskContract.js'
import { MemoryDisk } from '../kit/memoryDisk.js'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-disk-'))
let folders = 0
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const nextFolder = () => join(folder, `${folders++}`)

testDisk('a disk in memory', () => new MemoryDisk())
testDisk('a disk that may lose power', () => new CrashDisk(512))
testDisk('a directory', () => NodeDisk.open(nextFolder()))

describe('a directory', () => {
  test('is created, with those above it', () => {
    const path = join(nextFolder(), 'a/b')
    NodeDisk.open(path).write('f', 0, [Buffer.from('x')])
    expect(NodeDisk.openReadOnly(path).list()).toEqual(['f'])
  })

  test('lists files only', () => {
    const path = nextFolder()
    mkdirSync(join(path, 'folder'), { recursive: true })
    writeFileSync(join(path, 'file'), '')
    expect(NodeDisk.open(path).list()).toEqual(['file'])
  })

  test('opened to be read is neither created nor written', () => {
    const path = nextFolder()
    expect(() => NodeDisk.openReadOnly(path)).toThrow('ENOENT')
    NodeDisk.open(path).write('f', 0, [Buffer.from('x')])
    const disk = NodeDisk.openReadOnly(path)
    expect(disk.read('f', 0, Buffer.alloc(9))).toBe(1)
    expect(() => disk.write('f', 0, [Buffer.from('y')])).toThrow('EBADF')
    disk.close()
  })

  test('of another writer is written, but neither it nor its files are created', () => {
    const path = nextFolder()
    expect(() => NodeDisk.openExisting(path).write('f', 0, [Buffer.from('x')])).toThrow('ENOENT')
    const owner = NodeDisk.open(path)
    owner.write('f', 0, [Buffer.from('x')])
    const other = NodeDisk.openExisting(path)
    other.write('f', 1, [Buffer.from('y')])
    other.sync('f')
    expect(owner.size('f')).toBe(2)
    expect(() => other.write('g', 0, [Buffer.from('x')])).toThrow('ENOENT')
    expect(owner.list()).toEqual(['f'])
    for (const disk of [owner, other]) disk.close()
  })

  test('writes more buffers at once than the operating system takes', () => {
    const disk = NodeDisk.open(nextFolder())
    disk.write(
      'f',
      0,
      Array.from({ length: 2500 }, (_, i) => Buffer.from(String.fromCharCode(97 + (i % 26)))),
    )
    expect(disk.size('f')).toBe(2500)
    const into = Buffer.alloc(2500)
    disk.read('f', 0, into)
    expect(into.every((byte, i) => byte === 97 + (i % 26))).toBe(true)
    disk.close()
  })
})

describe('a disk that loses power', () => {
  const bytes = (length: number) => Buffer.alloc(length, 'x')

  test('may lose what was not synced, whole and in sectors, and nothing else', () => {
    const disk = new CrashDisk(512)
    disk.write('a', 0, [bytes(10)])
    disk.sync('a')
    disk.syncDirectory()
    disk.write('a', 500, [bytes(600)])
    // The new length, and sectors 500-512, 512-1024 and 1024-1100.
    expect(disk.changeCount).toBe(4)
    const survivor = (...kept: number[]) => disk.survivors((change) => kept.includes(change)).files.get('a')!
    expect(survivor().equals(bytes(10))).toBe(true)
    expect(survivor(0)).toHaveLength(1100)
    expect(
      survivor(0)
        .subarray(10)
        .every((byte) => byte === 0),
    ).toBe(true)
    expect(survivor(2)).toHaveLength(1024)
    expect(survivor(2).indexOf('x', 10)).toBe(512)
    expect(survivor(0, 1, 2, 3).subarray(500).equals(bytes(600))).toBe(true)
  })

  test('may lose names that were not synced', () => {
    const disk = new CrashDisk(512)
    disk.write('a', 0, [bytes(1)])
    disk.sync('a')
    disk.rename('a', 'b')
    const names = (...kept: number[]) => disk.survivors((change) => kept.includes(change)).list()
    expect([names(), names(0), names(1), names(0, 1)]).toEqual([[], ['a'], ['b'], ['b']])
    disk.syncDirectory()
    expect(names()).toEqual(['b'])
    disk.remove('b')
    expect([names(), names(0)]).toEqual([['b'], []])
  })

  test('has had, of its last operation, any effect or none', () => {
    const disk = new CrashDisk(512)
    disk.failPowerAt = 1
    disk.write('a', 0, [bytes(1)])
    expect(() => disk.sync('a')).toThrow(PowerFailure)
    expect(() => disk.list()).toThrow(PowerFailure)
    expect(disk.operations).toEqual(['write', 'sync'])
    expect(disk.survivors(() => false).list()).toEqual([])
  })

  test('fails one operation when told to, and goes on', () => {
    const disk = new CrashDisk(512)
    disk.fault = { at: 1, code: 'ENOSPC', writtenBytes: 2 }
    disk.write('a', 0, [bytes(1)])
    expect(() => disk.write('a', 1, [bytes(5)])).toThrow('ENOSPC')
    expect(disk.size('a')).toBe(3)
    disk.sync('a')
  })
})
