import { describe, expect, test } from 'vitest'
import { PayloadError } from '../../src/durable/errors.js'
import {
  decodeTable,
  encodeTable,
  PayloadReader,
  PayloadWriter,
  removedValue,
} from '../../src/durable/payload.js'
import { makeRandom } from '../kit/engineRandom.js'

interface Entry {
  readonly table: number
  readonly key: string
  readonly value: string | undefined
}

function write(writer: PayloadWriter, entries: readonly Entry[]): Buffer {
  writer.clear()
  for (const { table, key, value } of entries) {
    const at = writer.entry(table, key.length, value === undefined ? removedValue : value.length)
    writer.bytes.write(key + (value ?? ''), at, 'latin1')
  }
  return writer.bytes.subarray(0, writer.lengthBytes)
}

function read(bytes: Buffer, start = 0, end = bytes.length): Entry[] {
  const entries: Entry[] = []
  const reader = new PayloadReader().open(bytes, start, end)
  while (reader.next()) {
    const key = bytes.toString('latin1', reader.keyStart, reader.keyEnd)
    const value = reader.isRemoved ? undefined : bytes.toString('latin1', reader.valueStart, reader.valueEnd)
    entries.push({ table: reader.table, key, value })
  }
  return entries
}

describe('the payload of a transaction', () => {
  test('has these bytes', () => {
    const bytes = write(new PayloadWriter(), [
      { table: 1, key: 'ab', value: 'xyz' },
      { table: 258, key: 'c', value: undefined },
    ])
    expect(bytes.toString('hex')).toBe('0100020003000000616278797a02010100ffffffff63')
  })

  test('is read as it was written, in a buffer that has to grow too', () => {
    const random = makeRandom()
    const writer = new PayloadWriter(16)
    for (let run = 0; run < 200; run++) {
      const entries = Array.from({ length: random.below(6) }, () => ({
        table: random.below(65536),
        key: random.bytes(random.below(40)),
        value: random.below(4) === 0 ? undefined : random.bytes(random.below(200)),
      }))
      expect(read(write(writer, entries))).toEqual(entries)
    }
  })

  test('that ends inside an entry is refused, wherever it ends', () => {
    const bytes = write(new PayloadWriter(), [{ table: 1, key: 'ab', value: 'xyz' }])
    expect(read(bytes, 0, 0)).toEqual([])
    for (let end = 1; end < bytes.length; end++) expect(() => read(bytes, 0, end)).toThrow(PayloadError)
  })
})

describe('the payload of a table frame', () => {
  const table = { id: 7, name: 'Größen', format: 'msgpack' }

  test('has these bytes', () => {
    expect(encodeTable({ id: 258, name: 'ab', format: 'c' }).toString('hex')).toBe('020102000100616263')
  })

  test('is read as it was written', () => {
    const bytes = encodeTable(table)
    expect(decodeTable(bytes, 0, bytes.length)).toEqual(table)
    expect(decodeTable(Buffer.concat([Buffer.alloc(3), bytes]), 3, bytes.length + 3)).toEqual(table)
  })

  test('whose lengths do not add up is refused', () => {
    const bytes = encodeTable(table)
    for (let end = 0; end < bytes.length; end++)
      expect(() => decodeTable(bytes, 0, end)).toThrow(PayloadError)
    expect(() => encodeTable({ ...table, name: 'x'.repeat(65_536) })).toThrow(
      /65536 bytes; the limit is 65535/,
    )
  })
})
