import { putU32, putU64 } from './littleEndian.js'

/** The Castagnoli polynomial, bits reversed. */
const polynomial = 0x82f6_3b78

/** Eight tables of 256: how a byte changes the state after 0 to 7 further zero bytes. */
const tables = makeTables()

/**
 * The state of a CRC32C before any byte. A *state* is the register before the final inversion, a signed
 * 32-bit integer, so that a checksum can be taken up again where another one stopped.
 */
export const crc32cStart = -1

/**
 * The state after `bytes[start, end)`. Slicing by eight (Kounavis and Berry 2008): half a nanosecond a byte.
 * Pure JavaScript, because calling native code costs more than a journal's usual record takes here.
 */
export function crc32cUpdate(state: number, bytes: Uint8Array, start: number, end: number): number {
  const t = tables
  let crc = state
  let at = start
  for (const last = end - 8; at <= last; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      t[1792 + (crc & 0xff)]! ^
      t[1536 + ((crc >>> 8) & 0xff)]! ^
      t[1280 + ((crc >>> 16) & 0xff)]! ^
      t[1024 + (crc >>> 24)]! ^
      t[768 + bytes[at + 4]!]! ^
      t[512 + bytes[at + 5]!]! ^
      t[256 + bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!
  }
  for (; at < end; at++) crc = t[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return crc
}

/** The checksum itself, as a signed 32-bit integer: no more bytes follow. */
export function crc32cEnd(state: number): number {
  return ~state
}

/** CRC32C of the bytes (RFC 3720, appendix B.4), as a signed 32-bit integer. */
export function crc32c(bytes: Uint8Array): number {
  return crc32cEnd(crc32cUpdate(crc32cStart, bytes, 0, bytes.length))
}

/** The state that every frame of a store begins with: a frame of another store does not check out. */
export function crc32cSeed(storeId: Uint8Array): number {
  return crc32cUpdate(crc32cStart, storeId, 0, storeId.length)
}

const tail = new Uint8Array(12)

/**
 * A frame's checksum, given the state after its payload: its first word and its position come last, because
 * whoever commits knows them last.
 */
export function crc32cFinish(state: number, word: number, position: number): number {
  putU32(tail, 0, word)
  putU64(tail, 4, position)
  return crc32cEnd(crc32cUpdate(state, tail, 0, 12))
}

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : polynomial)
    made[byte] = crc
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256]!
    made[at] = made[before & 0xff]! ^ (before >>> 8)
  }
  return made
}
