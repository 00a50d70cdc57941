import { crc32cEnd, crc32cStart, crc32cUpdate } from './crc32c.js'
import { JournalDamagedError, JournalVersionError } from './errors.js'
import { getI32, getU32, getU64, putU32, putU64 } from './littleEndian.js'

/**
 * The first 64 bytes of a segment and of a checkpoint:
 *
 *     "TIDEMARK", u32 version, u32 kind, 16 bytes store id, u64 position, u64 required, 12 zeros,
 *     u32 CRC32C of the 60 bytes before
 *
 * Every later version keeps these 64 bytes, so that it can be told from damage.
 */
export const fileHeaderBytes = 64
export const formatVersion = 1
export const storeIdBytes = 16
export const fileKind = { segment: 1, checkpoint: 2 } as const

const magic = Buffer.from('TIDEMARK')
const checksumAt = 60

export interface FileHeader {
  readonly kind: number
  readonly storeId: Uint8Array
  /** Of the first frame of a segment; where replay begins after a checkpoint. */
  readonly position: number
  /** A checkpoint is consistent once the journal is replayed up to here; 0 in a segment. */
  readonly required: number
}

export function encodeFileHeader({ kind, storeId, position, required }: FileHeader): Uint8Array {
  const bytes = new Uint8Array(fileHeaderBytes)
  bytes.set(magic)
  putU32(bytes, 8, formatVersion)
  putU32(bytes, 12, kind)
  bytes.set(storeId, 16)
  putU64(bytes, 32, position)
  putU64(bytes, 40, required)
  putU32(bytes, checksumAt, checksumOf(bytes))
  return bytes
}

/**
 * Reads the header of `file`, of which `bytes` are the first. Throws `JournalDamagedError`, and
 * `JournalVersionError` if it is whole and of a version that is not known.
 */
export function decodeFileHeader(file: string, bytes: Uint8Array): FileHeader {
  const damaged = (offset: number, reason: string) => new JournalDamagedError({ file, offset, reason })
  if (bytes.length < fileHeaderBytes) throw damaged(bytes.length, 'the file ends inside its header')
  if (!magic.equals(bytes.subarray(0, magic.length)))
    throw damaged(0, 'the file does not begin with TIDEMARK')
  if (getI32(bytes, checksumAt) !== checksumOf(bytes))
    throw damaged(0, 'the checksum of the header does not match')
  const version = getU32(bytes, 8)
  if (version !== formatVersion) throw new JournalVersionError(file, version, [formatVersion])
  return {
    kind: getU32(bytes, 12),
    storeId: Uint8Array.from(bytes.subarray(16, 16 + storeIdBytes)),
    position: getU64(bytes, 32),
    required: getU64(bytes, 40),
  }
}

function checksumOf(bytes: Uint8Array): number {
  return crc32cEnd(crc32cUpdate(crc32cStart, bytes, 0, checksumAt))
}
