import { describe, expect, test } from 'vitest'
import type { Disk } from '../../src/durable/disk.js'

/** What every disk does. `make` returns an empty one. */
export function testDisk(name: string, make: () => Disk): void {
  describe(`the disk: ${name}`, () => {
    test.each(Object.entries(contract))('%s', (_, expectKept) => {
      const disk = make()
      try {
        expectKept(disk)
      } finally {
        disk.close()
      }
    })
  })
}

const contract: Readonly<Record<string, (disk: Disk) => void>> = {
  'is empty at first': (disk) => expect(disk.list()).toEqual([]),
  'keeps what is written, from several buffers and at several places': (disk) => {
    disk.write('a', 0, [text('hello'), text(''), text(' world')])
    disk.write('a', 4, [text('0')])
    disk.write('b', 0, [])
    expect(contentOf(disk, 'a')).toBe('hell0 world')
    expect(contentOf(disk, 'b')).toBe('')
    expect(disk.list().toSorted()).toEqual(['a', 'b'])
    expect(disk.size('a')).toBe(11)
  },
  'fills a gap with zeros': (disk) => {
    disk.write('a', 3, [text('x')])
    expect(contentOf(disk, 'a')).toBe('\0\0\0x')
  },
  'reads what there is, also beyond the end': (disk) => {
    disk.write('a', 0, [text('0123456789')])
    const into = Buffer.alloc(4, '-')
    expect(disk.read('a', 8, into)).toBe(2)
    expect(into.toString()).toBe('89--')
    expect(disk.read('a', 10, into)).toBe(0)
    expect(disk.read('a', 1000, into)).toBe(0)
  },
  'shortens and lengthens a file': (disk) => {
    disk.write('a', 0, [text('0123456789')])
    disk.truncate('a', 4)
    disk.truncate('a', 6)
    expect(contentOf(disk, 'a')).toBe('0123\0\0')
  },
  'renames over another file': (disk) => {
    disk.write('a', 0, [text('new')])
    disk.write('b', 0, [text('older')])
    disk.read('b', 0, Buffer.alloc(1))
    disk.rename('a', 'b')
    expect(disk.list()).toEqual(['b'])
    expect(contentOf(disk, 'b')).toBe('new')
    disk.write('b', 3, [text('er')])
    expect(contentOf(disk, 'b')).toBe('newer')
  },
  'removes a file, after which its name is free': (disk) => {
    disk.write('a', 0, [text('old content')])
    disk.remove('a')
    expect(disk.list()).toEqual([])
    disk.write('a', 0, [text('new')])
    expect(contentOf(disk, 'a')).toBe('new')
  },
  'syncs files and the directory': (disk) => {
    disk.write('a', 0, [text('a')])
    disk.sync('a')
    disk.syncDirectory()
    expect(contentOf(disk, 'a')).toBe('a')
  },
  'says ENOENT for a file that is not there': (disk) => {
    const missing = { code: 'ENOENT' }
    expect(codeOf(() => disk.size('a'))).toEqual(missing)
    expect(codeOf(() => disk.read('a', 0, Buffer.alloc(1)))).toEqual(missing)
    expect(codeOf(() => disk.sync('a'))).toEqual(missing)
    expect(codeOf(() => disk.truncate('a', 0))).toEqual(missing)
    expect(codeOf(() => disk.rename('a', 'b'))).toEqual(missing)
    expect(codeOf(() => disk.remove('a'))).toEqual(missing)
    expect(disk.list()).toEqual([])
  },
  'works with many files at once': (disk) => {
    for (let i = 0; i < 40; i++) disk.write(`f${i}`, 0, [text(`content ${i}`)])
    for (let i = 0; i < 40; i++) disk.sync(`f${i}`)
    for (let i = 0; i < 40; i++) expect(contentOf(disk, `f${i}`)).toBe(`content ${i}`)
    expect(disk.list()).toHaveLength(40)
  },
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function contentOf(disk: Disk, file: string): string {
  const into = Buffer.alloc(disk.size(file))
  expect(disk.read(file, 0, into)).toBe(into.length)
  return into.toString('latin1')
}

function codeOf(operation: () => unknown): { code: string | undefined } | undefined {
  try {
    operation()
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code }
  }
  return undefined
}
