// What a journal adds to a commit in the committing thread: its record, and the record's checksum.
import { crc32 } from 'node:zlib'
import { below } from './below.js'
import {
  compareSides,
  type Comparison,
  type ComparisonTime,
  comparisonTable,
  measurementsOf,
  runAsProgram,
} from './sides.js'

const checksums = await below<typeof import('../../src/durable/crc32c.js')>('durable/crc32c')
const frames = await below<typeof import('../../src/durable/frame.js')>('durable/frame')
const payloads = await below<typeof import('../../src/durable/payload.js')>('durable/payload')

const operations = 1000
const keyBytes = 12
const seed = 17

function checksumOf(lengthBytes: number): Comparison {
  const bytes = Buffer.alloc(lengthBytes, 'tidemark')
  return {
    name: `CRC32C of ${lengthBytes} bytes`,
    baseline: 'crc32 of node:zlib',
    operations,
    run: repeated(() => (checksums.crc32c(bytes) & 0xff) | 1),
    runBaseline: repeated(() => (crc32(bytes) & 0xff) | 1),
  }
}

/** A transaction's record: its entries, then the frame around them. */
function recordOf(entries: number, valueBytes: number): Comparison {
  const key = Buffer.alloc(keyBytes, 'key')
  const value = Buffer.alloc(valueBytes, 'value')
  const together = Buffer.alloc(64 * 1024)
  return {
    name: `record of ${entries} x ${valueBytes} bytes`,
    baseline: 'copying the bytes',
    operations,
    run: repeated(encoderOf(entries, key, value)),
    runBaseline: repeated(() => {
      let at = 0
      for (let i = 0; i < entries; i++) {
        together.set(key, at)
        together.set(value, at + keyBytes)
        at += keyBytes + valueBytes
      }
      return at
    }),
  }
}

/** The same, against what a journal of text would write: a line of JSON, with a checksum before it. */
function recordOrLine(entries: number, valueBytes: number): Comparison {
  const key = 'key'.padEnd(keyBytes, 'y')
  const value = 'value'.padEnd(valueBytes, 'e')
  const line = Buffer.alloc(64 * 1024)
  return {
    name: `record or line of ${entries} x ${valueBytes}`,
    baseline: 'a line of JSON, its crc32',
    operations,
    run: repeated(encoderOf(entries, Buffer.from(key), Buffer.from(value))),
    runBaseline: repeated(() => {
      const puts: [table: number, key: string, value: string][] = []
      for (let i = 0; i < entries; i++) puts.push([1, key, value])
      const text = JSON.stringify({ position: 64, puts })
      const length = line.write(text, 9, 'utf8')
      line.write(
        crc32(line.subarray(9, 9 + length))
          .toString(16)
          .padStart(8, '0'),
        0,
        'latin1',
      )
      line[8] = 32
      line[9 + length] = 10
      return 10 + length
    }),
  }
}

function encoderOf(entries: number, key: Buffer, value: Buffer): () => number {
  const writer = new payloads.PayloadWriter()
  const target = Buffer.alloc(64 * 1024)
  return () => {
    writer.clear()
    for (let i = 0; i < entries; i++) {
      const at = writer.entry(1, key.length, value.length)
      writer.bytes.set(key, at)
      writer.bytes.set(value, at + key.length)
    }
    const payload = writer.bytes.subarray(0, writer.lengthBytes)
    const frame = { kind: frames.frameKind.transaction, position: 64, payload }
    return frames.encodeFrame(target, 0, frame, seed)
  }
}

function repeated(operation: () => number): () => number {
  return () => {
    let sum = 0
    for (let i = 0; i < operations; i++) sum += operation()
    return sum
  }
}

export async function measureJournal(milliseconds: number): Promise<ComparisonTime[]> {
  return await compareSides(
    [
      checksumOf(100),
      checksumOf(4096),
      recordOf(1, 100),
      recordOf(4, 100),
      recordOf(20, 300),
      recordOrLine(1, 100),
      recordOrLine(4, 100),
      recordOrLine(20, 300),
    ],
    milliseconds,
  )
}

await runAsProgram(import.meta.url, measureJournal, { table: comparisonTable, measurements: measurementsOf })
