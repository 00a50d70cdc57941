import { crc32cFinish, crc32cUpdate } from './crc32c.js'
import { getI32, getU32, getU64, putU32, putU64 } from './littleEndian.js'

/**
 * A frame, as it is in the ring, in a segment and in a checkpoint. Little-endian:
 *
 *     u32 word       kind << 28 | length; the length counts these 16 bytes and the payload, not the padding
 *     u32 checksum   CRC32C of: payload, word, position; begun with the store's seed
 *     u64 position
 *     payload, then zeros up to a multiple of 8 bytes
 *
 * A word of 0 means that there is no frame here.
 */
export const frameHeaderBytes = 16
/** Frames are shorter than this. */
export const frameLengthLimit: number = 2 ** 28
export const frameAlignBytes = 8

/** A mark begins a group; an end closes a file; a void is room whose writer died. */
export const frameKind = { mark: 1, transaction: 2, table: 3, entry: 4, void: 5, end: 6 } as const
export type FrameKind = (typeof frameKind)[keyof typeof frameKind]

/** A mark's or an end's payload: two u64. */
export const markPayloadBytes = 16
export const markBytes: number = frameHeaderBytes + markPayloadBytes

const kindNames = new Map<number, string>(Object.entries(frameKind).map(([name, kind]) => [kind, name]))

/** What a kind is called in messages. */
export function frameKindName(kind: number): string {
  return kindNames.get(kind) ?? `unknown kind ${kind}`
}

export function frameWord(kind: number, lengthBytes: number): number {
  return (kind << 28) | lengthBytes
}

export function frameKindOf(word: number): number {
  return word >>> 28
}

export function frameLengthOf(word: number): number {
  return word & (frameLengthLimit - 1)
}

/** The room that a frame takes: its length, rounded up. */
export function frameRoomOf(lengthBytes: number): number {
  return (lengthBytes + (frameAlignBytes - 1)) & -frameAlignBytes
}

export interface Frame {
  readonly kind: number
  readonly position: number
  readonly payload: Uint8Array
}

/**
 * Writes a whole frame, padding included, at `target[at]`, and returns where it ends. `seed` is the CRC state
 * that frames of this store begin with.
 */
export function encodeFrame(target: Uint8Array, at: number, frame: Frame, seed: number): number {
  const { kind, position, payload } = frame
  const lengthBytes = frameHeaderBytes + payload.length
  target.set(payload, at + frameHeaderBytes)
  const state = crc32cUpdate(seed, payload, 0, payload.length)
  sealFrame(target, at, { word: frameWord(kind, lengthBytes), position }, state)
  const end = at + frameRoomOf(lengthBytes)
  target.fill(0, at + lengthBytes, end)
  return end
}

/** Writes the header of a frame whose payload is in place already; `state` is the CRC state after it. */
export function sealFrame(
  target: Uint8Array,
  at: number,
  { word, position }: { readonly word: number; readonly position: number },
  state: number,
): void {
  putU32(target, at, word)
  putU32(target, at + 4, crc32cFinish(state, word, position))
  putU64(target, at + 8, position)
}

export function framePositionAt(bytes: Uint8Array, at: number): number {
  return getU64(bytes, at + 8)
}

/** Whether the frame at `bytes[at]`, which must be there in full, is as it was written. */
export function isFrameSound(bytes: Uint8Array, at: number, seed: number): boolean {
  const word = getU32(bytes, at)
  const state = crc32cUpdate(seed, bytes, at + frameHeaderBytes, at + frameLengthOf(word))
  return crc32cFinish(state, word, framePositionAt(bytes, at)) === getI32(bytes, at + 4)
}
