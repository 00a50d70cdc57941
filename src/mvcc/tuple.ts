import { versionHeaderBytes } from './version.js'

/**
 * A tuple: one key, for as long as the key is present or recently was.
 *
 *     word 0-1  stamp: the largest tid that has read or written the key, and the state below
 *     word 2    head: address of the newest version; 0 while none was committed
 *     word 3    leaf: the index leaf that holds the tuple
 *     word 4    low 24 bits: table (12) and key length (11); then the key's first byte
 *     byte 20   the rest of the key, zero up to the word
 *     then      room for one version, at the next 8-byte word, if the first value of the key was short
 *
 * The version inside saves a reader of the usual record a cache miss. It is used as any other block, except
 * that it is never retired: the owner of the tuple writes a new version there when the one in it is garbage,
 * which it can tell from the head alone.
 *
 * States, the low two bits of the stamp:
 * - `free`: nobody writes. The stamp only grows.
 * - `owned`: a transaction commits; the stamp is its tid. Readers below it pass; readers above it wait,
 *   briefly.
 * - `dead`: taken out of the index, for ever. Whoever finds it looks the key up again.
 * - `locked`: a transaction in locking mode holds it; the upper bits are the address of its locker, not a
 *   tid.
 */
export const tupleHead = 2
export const tupleLeaf = 3
export const tupleKey = 4
export const tupleKeyByte = 19

export const wordState = { free: 0, owned: 1, dead: 2, locked: 3 } as const
export const stateMask = 3

/** Words from a tuple into the cache lines that follow it. */
export const touchFirst = 16
export const touchSecond = 32

/** Longer values begin in a block of their own. */
const insideBytesMax = 512

const tableMask = 0xfff
const lengthShift = 12
const lengthMask = 0x7ff

/** The low 24 bits of word 4. */
export function tupleMeta(table: number, keyLength: number): number {
  return table | (keyLength << lengthShift)
}

export function tableOfMeta(meta: number): number {
  return meta & tableMask
}

export function keyLengthOfMeta(meta: number): number {
  return (meta >>> lengthShift) & lengthMask
}

/** Words of a tuple's key, with the meta bytes, for a key of this many bytes. */
export function keyWordsOf(keyLength: number): number {
  return (keyLength + 6) >> 2
}

/** Where the version inside a tuple is. */
export function insideOf(tuple: number, keyLength: number): number {
  return tuple + ((tupleKey + keyWordsOf(keyLength) + 1) >> 1)
}

/** The size to allocate for a tuple whose first value has this length. */
export function tupleBytes(keyLength: number, valueLength: number): number {
  const bytes = insideOf(0, keyLength) * 8
  return valueLength > insideBytesMax ? bytes : bytes + versionHeaderBytes + valueLength
}
