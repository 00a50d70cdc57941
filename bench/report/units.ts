const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** 1234567.8 as 1,234,568. */
export function formatCount(count: number): string {
  return whole.format(count)
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log2(bytes) / 10))
  const amount = bytes / 1024 ** power
  return `${power === 0 || amount >= 100 ? amount.toFixed(0) : amount.toPrecision(3)} ${byteUnits[power]}`
}

/** Three significant digits below 1000, whole numbers above. */
export function formatMicroseconds(microseconds: number): string {
  if (microseconds >= 100) return formatCount(microseconds)
  return microseconds.toFixed(microseconds >= 10 ? 1 : 2)
}

const bytesPerUnit: Readonly<Record<string, number>> = {
  '': 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
}

/** Reads 512, 64k, 512MiB, 2 GB (powers of 1024); undefined when it is no size. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim())
  if (match === null) return undefined
  return Math.floor(Number(match[1]) * bytesPerUnit[match[2]!.toLowerCase()]!)
}
