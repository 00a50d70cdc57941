/** Buckets per doubling of the value: the middle of a bucket is within 1 / 256 of every value in it. */
const bucketsPerOctave = 128
const bitsPerOctave = Math.log2(bucketsPerOctave)
const valueBitsMax = 47
const bucketCount = (valueBitsMax - bitsPerOctave + 1) * bucketsPerOctave
const valueMax = 2 ** valueBitsMax - 1

/**
 * Counts of whole numbers in buckets that are exact below 128 and 0.8 % wide above. Each thread records into
 * its own region of a shared buffer, without atomics, and the main thread adds the regions up when the
 * threads have finished.
 */
export class Histogram {
  static readonly byteLength: number = bucketCount * Uint32Array.BYTES_PER_ELEMENT
  readonly #counts: Uint32Array

  constructor(buffer: ArrayBufferLike = new ArrayBuffer(Histogram.byteLength), byteOffset = 0) {
    this.#counts = new Uint32Array(buffer, byteOffset, bucketCount)
  }

  record(value: number): void {
    const bucket = bucketOf(value)
    this.#counts[bucket] = this.#counts[bucket]! + 1
  }

  add(other: Histogram): void {
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      this.#counts[bucket] = this.#counts[bucket]! + other.#counts[bucket]!
    }
  }

  clear(): void {
    this.#counts.fill(0)
  }

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  /**
   * The value that the given share (0 to 1) of the recorded values does not exceed; 0 when nothing was
   * recorded.
   */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.total))
    let seen = 0
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      seen += this.#counts[bucket]!
      if (seen >= wanted) return middleOf(bucket)
    }
    return 0
  }
}

/** Octave 0 is the exact part; each later octave halves the resolution. */
function bucketOf(value: number): number {
  if (value < 2 ** 31) return bucketOfBits(Math.max(0, value) | 0)
  // Dropping 16 bits of a value above 2^31 leaves more than its bucket looks at.
  return bucketOfBits((Math.min(value, valueMax) * 2 ** -16) | 0) + 16 * bucketsPerOctave
}

function bucketOfBits(bits: number): number {
  if (bits < bucketsPerOctave) return bits
  const shift = 31 - bitsPerOctave - Math.clz32(bits)
  return shift * bucketsPerOctave + (bits >>> shift)
}

function middleOf(bucket: number): number {
  const octave = Math.floor(bucket / bucketsPerOctave)
  if (octave === 0) return bucket
  const width = 2 ** (octave - 1)
  return (bucketsPerOctave + (bucket % bucketsPerOctave)) * width + (width - 1) / 2
}
