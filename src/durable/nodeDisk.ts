import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writevSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Disk } from './disk.js'

/** Descriptors kept open; those of files with unsynced bytes are kept beyond that. */
const openFilesLimit = 16
/** Linux takes no more in one call. */
const vectorLimit = 1024

/** A directory of the file system. */
export class NodeDisk implements Disk {
  readonly path: string
  /** Flags that files are opened with, to be read, and to be written. */
  readonly #access: number
  readonly #create: number
  /** By name, the one opened longest ago first. */
  readonly #descriptors = new Map<string, number>()
  readonly #unsynced = new Set<string>()

  private constructor(path: string, access: number, create: number) {
    this.path = path
    this.#access = access
    this.#create = create
  }

  /** Creates the directory, those above it too, if need be. */
  static open(path: string): NodeDisk {
    const whole = resolve(path)
    const first = mkdirSync(whole, { recursive: true })
    if (first !== undefined) {
      for (let made = whole; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made))
    }
    return new NodeDisk(whole, constants.O_RDWR, constants.O_CREAT)
  }

  /** Only reads; throws ENOENT or ENOTDIR if there is no such directory. */
  static openReadOnly(path: string): NodeDisk {
    const whole = resolve(path)
    readdirSync(whole)
    return new NodeDisk(whole, constants.O_RDONLY, 0)
  }

  /** Writes to files that there are: neither they nor the directory are created. */
  static openExisting(path: string): NodeDisk {
    return new NodeDisk(resolve(path), constants.O_RDWR, 0)
  }

  list(): string[] {
    return readdirSync(this.path, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)
  }

  size(name: string): number {
    const open = this.#descriptors.get(name)
    return (open === undefined ? statSync(join(this.path, name)) : fstatSync(open)).size
  }

  read(name: string, offset: number, into: Uint8Array): number {
    const descriptor = this.#open(name, 0)
    let done = 0
    while (done < into.length) {
      const count = readSync(descriptor, into, done, into.length - done, offset + done)
      if (count === 0) break
      done += count
    }
    return done
  }

  write(name: string, offset: number, buffers: readonly Uint8Array[]): void {
    const descriptor = this.#open(name, this.#create)
    this.#unsynced.add(name)
    let rest = buffers.length > vectorLimit ? buffers.slice(0, vectorLimit) : buffers
    let after = buffers.slice(rest.length)
    let at = offset
    for (;;) {
      const count = writevSync(descriptor, rest, at)
      at += count
      rest = restOf(rest, count)
      if (rest.length === 0) {
        if (after.length === 0) return
        rest = after.slice(0, vectorLimit)
        after = after.slice(rest.length)
      } else if (count === 0) {
        throw Object.assign(new Error(`EIO: nothing could be written to ${join(this.path, name)}`), {
          code: 'EIO',
          syscall: 'writev',
        })
      }
    }
  }

  sync(name: string): void {
    fdatasyncSync(this.#open(name, 0))
    this.#unsynced.delete(name)
  }

  truncate(name: string, lengthBytes: number): void {
    this.#unsynced.add(name)
    ftruncateSync(this.#open(name, 0), lengthBytes)
  }

  rename(from: string, to: string): void {
    this.#forget(to)
    this.#forget(from)
    renameSync(join(this.path, from), join(this.path, to))
  }

  remove(name: string): void {
    this.#forget(name)
    unlinkSync(join(this.path, name))
  }

  syncDirectory(): void {
    syncFolder(this.path)
  }

  close(): void {
    for (const name of this.#descriptors.keys()) this.#forget(name)
  }

  #open(name: string, flags: number): number {
    const known = this.#descriptors.get(name)
    if (known !== undefined) return known
    const opened = openSync(join(this.path, name), this.#access | flags, 0o644)
    this.#closeOldest()
    this.#descriptors.set(name, opened)
    return opened
  }

  #closeOldest(): void {
    if (this.#descriptors.size < openFilesLimit) return
    for (const name of this.#descriptors.keys()) {
      if (this.#unsynced.has(name)) continue
      this.#forget(name)
      return
    }
  }

  #forget(name: string): void {
    const open = this.#descriptors.get(name)
    if (open === undefined) return
    this.#descriptors.delete(name)
    this.#unsynced.delete(name)
    closeSync(open)
  }
}

/** What is left of the buffers after their first `count` bytes. */
function restOf(buffers: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count
  let first = 0
  while (first < buffers.length && left >= buffers[first]!.length) left -= buffers[first++]!.length
  if (first === buffers.length) return []
  return [buffers[first]!.subarray(left), ...buffers.slice(first + 1)]
}

/** Windows has no such thing, and refuses to open a directory. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
