/**
 * The string methods of Buffer that `toString` and `write` dispatch to. They are there in every Node since
 * 0.x, in Bun and in Deno, and calling them directly saves a fifth of the time of a 100-character string.
 */
export interface NativeText {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
  ucs2Slice(start: number, end: number): string
  /** These write what fits of whole characters and return the bytes written. */
  utf8Write(text: string, start: number, length: number): number
  latin1Write(text: string, start: number, length: number): number
  ucs2Write(text: string, start: number, length: number): number
}

export function nativeText(buffer: Buffer): NativeText {
  return buffer as Buffer & NativeText
}

/** Whether UTF-8 can hold `text`, which it cannot where half of a surrogate pair stands alone. */
export function isWellFormed(text: string): boolean {
  // Node 20 has it, the es2023 library does not.
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}

/** A native call costs more than reading up to this many characters one by one. */
export const shortText = 12

/** Reads `[start, end)`, a character a byte. */
export function readLatin1(b: Buffer, start: number, end: number): string {
  return end - start <= shortText ? readShort(b, start, end - start) : nativeText(b).latin1Slice(start, end)
}

const text = String.fromCharCode

/** One call with all the characters makes one flat string; the cases differ in nothing but their number. */
// biome-ignore format: a character a line hides that.
function readShort(b: Buffer, p: number, length: number): string {
  switch (length) {
    case 1: return text(b[p]!)
    case 2: return text(b[p]!, b[p + 1]!)
    case 3: return text(b[p]!, b[p + 1]!, b[p + 2]!)
    case 4: return text(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!)
    case 5: return text(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!)
    case 6: return text(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!, b[p + 5]!)
    case 7: return text(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!, b[p + 5]!,
      b[p + 6]!)
    case 8: return text(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!, b[p + 5]!,
      b[p + 6]!, b[p + 7]!)
    case 9: return text(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!, b[p + 5]!,
      b[p + 6]!, b[p + 7]!, b[p + 8]!)
    case 10: return text(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!, b[p + 5]!,
      b[p + 6]!, b[p + 7]!, b[p + 8]!, b[p + 9]!)
    case 11: return text(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!, b[p + 5]!,
      b[p + 6]!, b[p + 7]!, b[p + 8]!, b[p + 9]!, b[p + 10]!)
    case 12: return text(b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!, b[p + 4]!, b[p + 5]!,
      b[p + 6]!, b[p + 7]!, b[p + 8]!, b[p + 9]!, b[p + 10]!, b[p + 11]!)
    default: return ''
  }
}
