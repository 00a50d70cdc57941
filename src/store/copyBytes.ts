/** Up to here a loop over the bytes costs less than a view of them. */
const loopedBytes = 16

/** A private copy of `[start, end)`: a plain Uint8Array, where `slice` would make a Buffer of a Buffer. */
export function copyBytes(source: Buffer, start: number, end: number): Uint8Array<ArrayBuffer> {
  const length = end - start
  const copy = new Uint8Array(length)
  if (length > loopedBytes) copy.set(new Uint8Array(source.buffer, source.byteOffset + start, length))
  else for (let i = 0; i < length; i++) copy[i] = source[start + i] as number
  return copy
}
