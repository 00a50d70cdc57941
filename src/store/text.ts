import { isWellFormed, nativeText, readLatin1 } from './nativeText.js'

/**
 * How text is held: text beyond Latin-1 takes the shorter of the two, and UTF-16 where a lone surrogate is
 * kept.
 */
export type TextForm = 0 | 1 | 2
export const latin1 = 0
const utf8 = 1
const utf16 = 2

/** What `putText` chose. Read it at once: the next call sets it anew. */
export let textForm: TextForm = latin1

/** Up to here a loop over the characters costs less than a native call. */
const loopedText = 16

const beyondLatin1 = /[^\0-\xff]/

/** Writes `text` and returns the end; an end beyond `target.length` says that it does not fit. */
export function putText(text: string, target: Buffer, start: number): number {
  const length = text.length
  if (start + length > target.length) return start + length
  if (length > loopedText) return putLongText(text, target, start)
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0xff) return putWideText(text, target, start)
    target[start + i] = code
  }
  textForm = latin1
  return start + length
}

function putLongText(text: string, target: Buffer, start: number): number {
  const length = text.length
  const room = target.length - start
  const written = nativeText(target).utf8Write(text, start, room)
  // ASCII alone takes as many bytes as characters, unless the write stopped at a character that did not fit.
  const ascii = written === length && (room > length + 3 || Buffer.byteLength(text) === length)
  if (!ascii) {
    if (beyondLatin1.test(text)) return putWideText(text, target, start)
    nativeText(target).latin1Write(text, start, length)
  }
  textForm = latin1
  return start + length
}

function putWideText(text: string, target: Buffer, start: number): number {
  const utf8Length = Buffer.byteLength(text)
  const shorter = utf8Length < 2 * text.length && isWellFormed(text)
  const length = shorter ? utf8Length : 2 * text.length
  textForm = shorter ? utf8 : utf16
  if (start + length > target.length) return start + length
  if (shorter) nativeText(target).utf8Write(text, start, length)
  else nativeText(target).ucs2Write(text, start, length)
  return start + length
}

/** Reads back what `putText` wrote in `form`; undefined if there is no such form. */
export function getText(form: number, source: Buffer, start: number, end: number): string | undefined {
  switch (form) {
    case latin1:
      return readLatin1(source, start, end)
    case utf8:
      return nativeText(source).utf8Slice(start, end)
    case utf16:
      return nativeText(source).ucs2Slice(start, end)
    default:
      return undefined
  }
}
