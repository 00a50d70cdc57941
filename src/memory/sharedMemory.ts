import { endianness } from 'node:os'
import { MemoryLayoutError, MemoryLimitError } from './errors.js'
import {
  header,
  type Layout,
  layoutOf,
  layoutVersion,
  magicNumber,
  memoryLimitMaxBytes,
  memoryLimitMinBytes,
  siteAreaWords,
} from './layout.js'

/** Buffers of 2 GiB each over the one shared buffer: `Buffer` itself ends at 4 GiB on Node 20. */
const windowAddressShift = 28
const windowBytes = 2 ** windowAddressShift * 8

/**
 * The one buffer that all threads share, as the views that the layers above use.
 *
 * 64-bit words are read and written as one on the 64-bit platforms that Node supports; the constructor
 * refuses others.
 */
export class SharedMemory {
  readonly buffer: SharedArrayBuffer
  readonly layout: Layout
  readonly limitBytes: number
  readonly i32: Int32Array
  readonly u64: BigUint64Array
  readonly f64: Float64Array
  readonly #windows: Buffer[] = []

  private constructor(buffer: SharedArrayBuffer, limitBytes: number) {
    requirePlatform()
    this.buffer = buffer
    this.limitBytes = limitBytes
    this.layout = layoutOf(limitBytes)
    this.i32 = new Int32Array(buffer)
    this.u64 = new BigUint64Array(buffer)
    this.f64 = new Float64Array(buffer)
    for (let start = 0; start < buffer.byteLength; start += windowBytes) {
      this.#windows.push(Buffer.from(buffer, start, Math.min(windowBytes, buffer.byteLength - start)))
    }
  }

  /**
   * Reserves a buffer for `limitBytes` of data. The operating system commits its pages when they are first
   * used.
   */
  static create(limitBytes: number): SharedMemory {
    if (
      !Number.isInteger(limitBytes) ||
      limitBytes < memoryLimitMinBytes ||
      limitBytes > memoryLimitMaxBytes
    ) {
      throw new MemoryLimitError(limitBytes, memoryLimitMinBytes, memoryLimitMaxBytes)
    }
    const memory = new SharedMemory(new SharedArrayBuffer(layoutOf(limitBytes).totalBytes), limitBytes)
    memory.f64[header.limitBytes >> 1] = limitBytes
    memory.i32[header.chunkCount] = memory.layout.chunkCount
    memory.i32[header.version] = layoutVersion
    Atomics.store(memory.i32, header.magic, magicNumber)
    return memory
  }

  /** The same memory, seen from another thread. */
  static from(buffer: SharedArrayBuffer): SharedMemory {
    const head = buffer.byteLength >= 4096 ? new Int32Array(buffer, 0, 1024) : undefined
    if (head?.[header.magic] !== magicNumber)
      throw new MemoryLayoutError('the buffer was not made by tidemark: pass the handle of an open store')
    if (head[header.version] !== layoutVersion) {
      throw new MemoryLayoutError(
        `the store was opened by another version of tidemark (memory layout ${head[header.version]}, this one has ${layoutVersion}): use one version in all threads`,
      )
    }
    return new SharedMemory(buffer, new Float64Array(buffer, header.limitBytes * 4, 1)[0]!)
  }

  /** The buffer that holds the bytes of the object at `address`; no object lies in two. */
  windowOf(address: number): Buffer {
    return this.#windows[address >>> windowAddressShift]!
  }

  /** Where the object at `address` begins in its window. */
  offsetOf(address: number): number {
    return (address & (2 ** windowAddressShift - 1)) << 3
  }

  /** Index of the first word of a site's own area. */
  siteAreaOf(site: number): number {
    return this.layout.siteAreasStart + siteAreaWords * site
  }
}

/**
 * Plain loads before it are done before those after it, on every processor: a release, and an acquire that
 * does not pass it. `word` is one that only this thread uses.
 */
export function loadFence(i32: Int32Array, word: number): void {
  Atomics.store(i32, word, 0)
  Atomics.load(i32, word)
}

function requirePlatform(): void {
  if (endianness() !== 'LE' || !['x64', 'arm64', 'riscv64', 'loong64'].includes(process.arch)) {
    throw new MemoryLayoutError(`tidemark needs a 64-bit little-endian platform; this is ${process.arch}`)
  }
}
