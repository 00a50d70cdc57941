import { CheckpointWriter } from '../../src/durable/checkpointFile.js'
import { crc32cSeed } from '../../src/durable/crc32c.js'
import type { Disk } from '../../src/durable/disk.js'
import { encodeFrame, frameHeaderBytes, frameKind, frameRoomOf } from '../../src/durable/frame.js'
import { decodeTable } from '../../src/durable/payload.js'
import type { FrameView } from '../../src/durable/segmentScan.js'
import { SegmentWriter } from '../../src/durable/segmentWriter.js'
import { scanStore, type StoreScan } from '../../src/durable/storeScan.js'

export const storeId = Uint8Array.from(Buffer.from('00112233445566778899aabbccddeeff', 'hex'))
const seed = crc32cSeed(storeId)

/** A frame as it is in the journal, padding included. */
export function frameOf(
  position: number,
  payload: string | Uint8Array,
  kind: number = frameKind.entry,
): Buffer {
  const bytes = Buffer.from(payload as string, 'latin1')
  const target = Buffer.alloc(frameRoomOf(frameHeaderBytes + bytes.length))
  encodeFrame(target, 0, { kind, position, payload: bytes }, seed)
  return target
}

/** Writes entries as one group; returns the position behind it. */
export function writeGroup(writer: SegmentWriter, payloads: readonly string[]): number {
  let position = writer.position
  const frames = payloads.map((payload) => {
    const frame = frameOf(position, payload)
    position += frame.length
    return frame
  })
  writer.write(writer.position, [Buffer.concat(frames)])
  return position
}

export interface JournalSettings {
  readonly position?: number
  readonly segmentBytes?: number
  readonly aheadBytes?: number
}

export function writerOn(disk: Disk, settings: JournalSettings = {}): SegmentWriter {
  return SegmentWriter.begin(disk, { storeId, position: 0, aheadBytes: 0, ...settings })
}

/** A checkpoint with one table `t` and the puts given. */
export function writeCheckpoint(
  disk: Disk,
  { position, required }: { readonly position: number; readonly required: number },
  puts: readonly (readonly [key: string, value: string])[],
): void {
  const writer = new CheckpointWriter(disk, storeId, position)
  writer.table({ id: 1, name: 't', format: 'string' })
  for (const [key, value] of puts) {
    const at = writer.entry(1, key.length, value.length)
    writer.bytes.write(key + value, at, 'latin1')
  }
  writer.install(required)
}

export interface Found {
  /** What was visited: the payloads of entries, `name:format` of tables, transactions in hex. */
  readonly records: string[]
  readonly scan: StoreScan
}

/** Scans to the end. */
export function scanAll(disk: Disk): Found {
  const records: string[] = []
  const steps = scanStore(disk, (frame) => records.push(textOf(frame)))
  for (let count = 0; ; count++) {
    if (count > 100_000) throw new Error('the scan does not end')
    const step = steps.next()
    if (step.done === true) return { records, scan: step.value }
  }
}

function textOf({ bytes, start, end, kind, isFromCheckpoint }: FrameView): string {
  const payload = bytes.toString('latin1', start, end)
  if (kind === frameKind.entry) return payload
  if (kind === frameKind.table) {
    const { name, format } = decodeTable(bytes, start, end)
    return `${name}:${format}`
  }
  return `${isFromCheckpoint ? 'block' : 'transaction'} ${bytes.toString('hex', start, end)}`
}
