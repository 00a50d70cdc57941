import type { Disk } from './disk.js'

const windowBytes = 1024 * 1024

/** A file read from one end to the other, in large pieces. */
export class FileWindow {
  readonly name: string
  readonly fileBytes: number
  /** The piece of the file that is in memory; another buffer when a longer piece was needed. */
  bytes: Buffer
  /** How much has been read from the disk so far. */
  readBytes = 0
  readonly disk: Disk
  #start = 0
  #end = 0

  constructor(disk: Disk, name: string) {
    this.disk = disk
    this.name = name
    this.fileBytes = disk.size(name)
    this.bytes = Buffer.alloc(Math.min(windowBytes, Math.max(this.fileBytes, 1)))
  }

  /**
   * Makes the file's `[offset, offset + lengthBytes)` be in memory and returns where in `bytes` it begins, or
   * -1 if the file is not so long. Offsets never go back by more than what is in memory.
   */
  find(offset: number, lengthBytes: number): number {
    if (offset + lengthBytes > this.#end && !this.#load(offset, lengthBytes)) return -1
    return offset - this.#start
  }

  #load(offset: number, lengthBytes: number): boolean {
    if (offset + lengthBytes > this.fileBytes) return false
    const kept = Math.max(0, this.#end - offset)
    const source = this.bytes
    if (lengthBytes > source.length) this.bytes = Buffer.alloc(Math.max(lengthBytes, windowBytes))
    if (kept > 0) source.copy(this.bytes, 0, offset - this.#start, this.#end - this.#start)
    this.#start = offset
    const count = this.disk.read(this.name, offset + kept, this.bytes.subarray(kept))
    this.readBytes += count
    this.#end = offset + kept + count
    return offset + lengthBytes <= this.#end
  }
}
