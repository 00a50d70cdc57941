/** From values to places on a chart, and to the few round numbers beside it. */
export interface Scale {
  at(value: number): number
  readonly ticks: readonly number[]
}

/** Starts at 0, because lengths are compared, and ends at a round number at or above `most`. */
export function linearScale(most: number, from: number, to: number): Scale {
  const step = roundStep(most > 0 ? most : 1)
  const count = Math.max(1, Math.ceil((most > 0 ? most : 1) / step - 1e-9))
  const ticks = Array.from({ length: count + 1 }, (_, i) => i * step)
  return { at: (value) => from + (value / (count * step)) * (to - from), ticks }
}

/** Whole powers of ten around positive values. */
export function logScale(values: readonly number[], from: number, to: number): Scale {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value))
  const least = Math.floor(Math.log10(Math.min(...positive, Number.MAX_VALUE)))
  const low = positive.length === 0 ? 0 : least
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive, 10 ** low))))
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i))
  const at = (value: number): number => {
    const share = (Math.log10(value > 0 ? value : 10 ** low) - low) / (high - low)
    return from + Math.max(0, share) * (to - from)
  }
  return { at, ticks }
}

/** 1, 2 or 5 times a power of ten, so that about four steps reach `most`. */
function roundStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 4))
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power * 4 >= most - power * 1e-9) ?? 10
  return factor * power
}

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 })
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** 1234567 as 1.23M. */
export function compactText(value: number): string {
  return compact.format(value)
}

/** 1234567.8 as 1,234,568. */
export function groupedText(value: number): string {
  return grouped.format(value)
}

/** Microseconds as µs, ms or s, three digits. */
export function durationText(microseconds: number): string {
  if (microseconds >= 1e6) return `${digits(microseconds / 1e6)} s`
  return microseconds >= 1e3 ? `${digits(microseconds / 1e3)} ms` : `${digits(microseconds)} µs`
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${digits(bytes / 1024 ** power)} ${byteUnits[power]}`
}

function digits(value: number): string {
  return value >= 100 ? grouped.format(value) : String(Number(value.toPrecision(3)))
}

/** Keeps things in their order and at least `gap` apart, as near to where they want to be as that allows. */
export function spreadOut(wanted: readonly number[], gap: number, least: number, most: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]!)
  const places = wanted.slice()
  let below = least - gap
  for (const i of order) below = places[i] = Math.max(wanted[i]!, below + gap)
  let above = most + gap
  for (const i of order.toReversed()) above = places[i] = Math.min(places[i]!, above - gap)
  return places
}
