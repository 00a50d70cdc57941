import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { segmentName } from '../../src/durable/fileNames.js'
import { frameKind } from '../../src/durable/frame.js'
import { encodeTable, PayloadWriter, removedValue } from '../../src/durable/payload.js'
import { frameOf, writerOn } from '../kit/journalKit.js'
import { MemoryDisk } from '../kit/memoryDisk.js'

const document = readFileSync(new URL('../../docs/journal-format.md', import.meta.url), 'utf8')

/** The bytes of the worked example, as the document shows them: `offset  hex  | what it is`. */
function dumped(): Buffer {
  const lines = document.match(/^[0-9a-f]{4} {2}[0-9a-f ]+(?=\|)/gm) ?? []
  const bytes = lines.map((line) => Buffer.from(line.slice(6).replaceAll(' ', ''), 'hex'))
  let offset = 0
  for (const [at, line] of lines.entries()) {
    expect(Number.parseInt(line.slice(0, 4), 16)).toBe(offset)
    offset += bytes[at]!.length
  }
  return Buffer.concat(bytes)
}

function written(): Buffer {
  const disk = new MemoryDisk()
  const writer = writerOn(disk)
  const payload = new PayloadWriter()
  payload.bytes.write('alice50', payload.entry(1, 5, 2))
  payload.bytes.write('bob', payload.entry(1, 3, removedValue))
  const table = frameOf(0, encodeTable({ id: 1, name: 'accounts', format: 'json' }), frameKind.table)
  const entries = payload.bytes.subarray(0, payload.lengthBytes)
  writer.write(0, [table, frameOf(table.length, entries, frameKind.transaction)])
  writer.end(writer.position)
  return disk.files.get(segmentName(0))!
}

test('the worked example of the format document is what the writer writes', () => {
  expect(dumped().toString('hex')).toBe(written().toString('hex'))
})

/** A reader that knows nothing but the document. */
function read(file: Buffer): string[] {
  const crc = (parts: readonly Buffer[]) => {
    let state = 0xffffffff
    for (const byte of Buffer.concat(parts)) {
      state ^= byte
      for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (state & 1 ? 0x82f63b78 : 0)
    }
    return ~state >>> 0
  }
  expect(file.toString('latin1', 0, 8)).toBe('TIDEMARK')
  expect(file.readUInt32LE(60)).toBe(crc([file.subarray(0, 60)]))
  const storeId = file.subarray(16, 32)
  const found: string[] = []
  for (let at = 64; at < file.length && file.readUInt32LE(at) !== 0; ) {
    const word = file.readUInt32LE(at)
    const [kind, length] = [word >>> 28, word & 0x0fffffff]
    const payload = file.subarray(at + 16, at + length)
    const sum = crc([storeId, payload, file.subarray(at, at + 4), file.subarray(at + 8, at + 16)])
    expect(file.readUInt32LE(at + 4)).toBe(sum)
    found.push(
      `${kind} at ${file.readBigUInt64LE(at + 8)}: ${payload.toString('latin1').replaceAll(/[^ -~]+/g, ' ')}`,
    )
    at += Math.ceil(length / 8) * 8
  }
  return found
}

test('a reader written from the document alone reads the example', () => {
  expect(read(dumped()).map((line) => line.replaceAll(/ +/g, ' ').trim())).toEqual([
    '1 at 0: X',
    '3 at 0: accountsjson',
    '2 at 40: alice50 bob',
    '6 at 88: X',
  ])
})
