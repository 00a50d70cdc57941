/**
 * How a tid lies in a 64-bit word.
 *
 *     63                        10 9      2 1   0
 *     +---------------------------+--------+-----+
 *     | tick: monotonic ns / 16   |  site  |state|      stamp = tid << 2 | state
 *     +---------------------------+--------+-----+
 *
 * A *tid* is a tick with the site in its low bits, so tids are unique without a shared counter. A *stamp* is
 * a tid with two state bits below it: shared words hold stamps, so that one compare-and-exchange moves a tid
 * and a state together, and stamps of equal state order as their tids do.
 */
export const stateBits = 2
export const siteBits = 8
export const tickNs = 16

/** Sites are numbered from 1; 0 is nobody (recovered versions, dead words). */
export const siteLimit: number = 2 ** siteBits - 1

/** Stamps reach 2^64 when the monotonic clock reaches 2^58 ns: 9.1 years of uptime. */
export const clockLimitNs: bigint = 1n << 58n

export type Stamp = bigint

/** From the stamps of one tick to those of the next. */
export const tickStamp: Stamp = 1n << BigInt(siteBits + stateBits)

/** Below every tid: the stamp of a word that nobody has touched. */
export const stampNone: Stamp = 0n

export function siteOf(stamp: Stamp): number {
  return Number((stamp >> BigInt(stateBits)) & BigInt(siteLimit))
}

/** The tid of a stamp, whatever its state. */
export function tidOf(stamp: Stamp): bigint {
  return stamp >> BigInt(stateBits)
}
