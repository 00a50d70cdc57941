import { crc32c } from './crc32c.js'
import type { Disk } from './disk.js'
import { JournalDamagedError } from './errors.js'
import { getI32, getU64, putU32, putU64 } from './littleEndian.js'
import { installFile } from './segmentWriter.js'

const fenceFile = 'fence'
const fenceBytes = 12

/**
 * Counts the openings of a directory, durably: each gets a larger number than all before. The file `fence`
 * holds it: u64 number, u32 CRC32C of these 8 bytes.
 */
export function nextFencingToken(disk: Disk): number {
  const token = lastToken(disk) + 1
  const bytes = new Uint8Array(fenceBytes)
  putU64(bytes, 0, token)
  putU32(bytes, 8, crc32c(bytes.subarray(0, 8)))
  installFile(disk, fenceFile, (temporary) => disk.write(temporary, 0, [bytes]))
  return token
}

function lastToken(disk: Disk): number {
  if (!disk.list().includes(fenceFile)) return 0
  const bytes = new Uint8Array(fenceBytes)
  const isWhole = disk.read(fenceFile, 0, bytes) === fenceBytes
  if (!isWhole || getI32(bytes, 8) !== crc32c(bytes.subarray(0, 8)))
    throw new JournalDamagedError({ file: fenceFile, offset: 0, reason: 'the checksum does not match' })
  return getU64(bytes, 0)
}
