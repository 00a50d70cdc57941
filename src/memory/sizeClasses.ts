/**
 * Size classes of slab blocks: steps of 16 bytes up to 512, then eight steps to each doubling, up to 32 KiB,
 * so that a block is at most 15 bytes, or 12.5 %, larger than asked. Larger objects are runs of whole chunks.
 */
export const blockBytesMin = 16
export const blockBytesMax: number = 32 * 1024

const sizes: number[] = []
for (let size = blockBytesMin; size <= 512; size += 16) sizes.push(size)
for (let octave = 512; octave < blockBytesMax; octave *= 2) {
  for (let step = 1; step <= 8; step++) sizes.push(octave + (octave / 8) * step)
}

export const sizeClassCount: number = sizes.length
export const sizeOfClass: Int32Array = Int32Array.from(sizes)

const classBySixteenths = new Uint8Array(blockBytesMax / 16 + 1)
for (let sixteenths = 0, size = 0; sixteenths < classBySixteenths.length; sixteenths++) {
  if (sixteenths * 16 > sizes[size]!) size++
  classBySixteenths[sixteenths] = size
}

/** The smallest class that holds `lengthBytes`, which is at most `blockBytesMax`. */
export function sizeClassOf(lengthBytes: number): number {
  return classBySixteenths[(lengthBytes + 15) >> 4]!
}
