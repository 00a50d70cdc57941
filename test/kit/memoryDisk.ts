import type { Disk } from '../../src/durable/disk.js'

/** Files in memory: nothing is ever lost. */
export class MemoryDisk implements Disk {
  readonly files: Map<string, Buffer>

  constructor(files: ReadonlyMap<string, Buffer> = new Map()) {
    this.files = new Map([...files].map(([name, bytes]) => [name, Buffer.from(bytes)]))
  }

  list(): string[] {
    return [...this.files.keys()]
  }

  size(name: string): number {
    return this.#file(name).length
  }

  read(name: string, offset: number, into: Uint8Array): number {
    const found = this.#file(name).subarray(offset, offset + into.length)
    into.set(found)
    return found.length
  }

  write(name: string, offset: number, buffers: readonly Uint8Array[]): void {
    this.files.set(name, patched(this.files.get(name) ?? Buffer.alloc(0), offset, Buffer.concat(buffers)))
  }

  sync(name: string): void {
    this.#file(name)
  }

  truncate(name: string, lengthBytes: number): void {
    this.files.set(name, resized(this.#file(name), lengthBytes))
  }

  rename(from: string, to: string): void {
    const bytes = this.#file(from)
    this.files.delete(from)
    this.files.set(to, bytes)
  }

  remove(name: string): void {
    this.#file(name)
    this.files.delete(name)
  }

  syncDirectory(): void {
    // Memory has nothing to sync.
  }

  close(): void {
    // Nor anything to close.
  }

  #file(name: string): Buffer {
    const bytes = this.files.get(name)
    if (bytes === undefined) throw diskError('ENOENT', `no file ${name}`)
    return bytes
  }
}

/** As the operating system would report it. */
export function diskError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}

/** The bytes with others written over or behind them, in a buffer of its own. */
export function patched(bytes: Buffer, offset: number, patch: Uint8Array): Buffer {
  const result = resized(bytes, Math.max(bytes.length, offset + patch.length))
  result.set(patch, offset)
  return result
}

export function resized(bytes: Buffer, lengthBytes: number): Buffer {
  const result = Buffer.alloc(lengthBytes)
  result.set(bytes.subarray(0, lengthBytes))
  return result
}
