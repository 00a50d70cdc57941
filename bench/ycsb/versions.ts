/**
 * A version number as the first ten bytes of a value, so that whoever reads the value knows who wrote it: a
 * sign that no other text begins with, and nine digits of six bits.
 */
export const versionLength = 10
const sign = '~'.charCodeAt(0)
const first = '0'.charCodeAt(0)

/** The digits are 64 characters that follow each other, from zero on. */
export function versionText(version: number): string {
  const low = version % 2 ** 30
  const high = (version - low) / 2 ** 30
  return String.fromCharCode(
    sign,
    first + ((high >>> 18) & 63),
    first + ((high >>> 12) & 63),
    first + ((high >>> 6) & 63),
    first + (high & 63),
    first + ((low >>> 24) & 63),
    first + ((low >>> 18) & 63),
    first + ((low >>> 12) & 63),
    first + ((low >>> 6) & 63),
    first + (low & 63),
  )
}

/** The version that a text begins with, or null. */
export function versionOfText(text: string): number | null {
  if (text.charCodeAt(0) !== sign || text.length < versionLength) return null
  let high = 0
  let low = 0
  for (let i = 1; i <= 4; i++) high = (high << 6) | (text.charCodeAt(i) - first)
  for (let i = 5; i <= 9; i++) low = (low << 6) | (text.charCodeAt(i) - first)
  return high * 2 ** 30 + low
}
