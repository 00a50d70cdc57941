// Eight bytes seen as a float, as a bigint and as two words: how numbers get in and out of byte arrays.
// Nothing suspends between filling and reading them.
const buffer = new ArrayBuffer(8)
export const asFloat: Float64Array = new Float64Array(buffer)
export const asBigint: BigInt64Array = new BigInt64Array(buffer)
export const asUnsignedBigint: BigUint64Array = new BigUint64Array(buffer)
export const words: Uint32Array = new Uint32Array(buffer)

/** Which of `words` is the upper one: little-endian machines put it last. */
export const upper: 0 | 1 = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0
export const lower: 0 | 1 = upper === 1 ? 0 : 1

/** Writes the low 32 bits of `word`, largest byte first. Past the end of `target` nothing is written. */
export function putWord(target: Uint8Array, start: number, word: number): void {
  target[start] = word >>> 24
  target[start + 1] = word >>> 16
  target[start + 2] = word >>> 8
  target[start + 3] = word
}

/** Reads what `putWord` wrote, as a signed number. */
export function getWord(source: Uint8Array, start: number): number {
  return (
    ((source[start] as number) << 24) |
    ((source[start + 1] as number) << 16) |
    ((source[start + 2] as number) << 8) |
    (source[start + 3] as number)
  )
}

/** Writes the eight bytes set through one of the views, largest first. */
export function putDoubleWord(target: Uint8Array, start: number): void {
  putWord(target, start, words[upper] as number)
  putWord(target, start + 4, words[lower] as number)
}

/** Sets the eight bytes, to be read through one of the views. */
export function getDoubleWord(source: Uint8Array, start: number): void {
  words[upper] = getWord(source, start)
  words[lower] = getWord(source, start + 4)
}
