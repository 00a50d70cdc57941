import type { Disk } from '../../src/durable/disk.js'
import { diskError, MemoryDisk, patched, resized } from './memoryDisk.js'

/** A change that a crash may lose. */
type Change =
  | { readonly kind: 'bytes'; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'length'; readonly lengthBytes: number }

interface File {
  /** What is on the medium for certain. */
  durable: Buffer
  current: Buffer
  /** Since the last sync, in order. */
  changes: Change[]
}

type DirectoryChange =
  | { readonly kind: 'add'; readonly name: string; readonly file: File }
  | { readonly kind: 'remove'; readonly name: string; readonly file: File }
  | { readonly kind: 'rename'; readonly name: string; readonly to: string; readonly file: File }

export type Operation = 'write' | 'sync' | 'truncate' | 'rename' | 'remove' | 'syncDirectory'

/** The power has failed: what the disk is used for now does not happen any more. */
export class PowerFailure extends Error {
  constructor() {
    super('the power has failed')
  }
}

export interface Fault {
  /** Which operation fails, counted from 0. */
  readonly at: number
  readonly code: 'EIO' | 'ENOSPC' | 'EROFS'
  /** How much of a failing write is written nevertheless. */
  readonly writtenBytes?: number
}

/**
 * A disk whose power fails. It keeps what was not synced as a list of changes, of which any subset may
 * survive: writes in sectors, each by itself and in any order; lengths; names of files.
 */
export class CrashDisk implements Disk {
  /** Each operation that changes something, so far. */
  readonly operations: Operation[] = []
  /** The operation during which the power fails: it may have had its effect, wholly or in part. */
  failPowerAt = Number.POSITIVE_INFINITY
  fault: Fault | undefined
  #hasPower = true
  readonly #sectorBytes: number
  #durableNames: Map<string, File>
  #names: Map<string, File>
  #nameChanges: DirectoryChange[] = []

  constructor(sectorBytes: number, files: ReadonlyMap<string, Buffer> = new Map()) {
    this.#sectorBytes = sectorBytes
    this.#durableNames = new Map(
      [...files].map(([name, bytes]) => [name, { durable: bytes, current: bytes, changes: [] }]),
    )
    this.#names = new Map(this.#durableNames)
  }

  list(): string[] {
    this.#requirePower()
    return [...this.#names.keys()]
  }

  size(name: string): number {
    return this.#file(name).current.length
  }

  read(name: string, offset: number, into: Uint8Array): number {
    const found = this.#file(name).current.subarray(offset, offset + into.length)
    into.set(found)
    return found.length
  }

  write(name: string, offset: number, buffers: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(buffers)
    this.#perform('write', () => {
      const isFaulty = this.fault?.at === this.operations.length - 1
      this.#write(name, offset, isFaulty ? bytes.subarray(0, this.fault?.writtenBytes ?? 0) : bytes)
    })
  }

  sync(name: string): void {
    const file = this.#file(name)
    this.#perform('sync', () => {
      if (this.#isLast) return
      file.durable = file.current
      file.changes = []
    })
  }

  truncate(name: string, lengthBytes: number): void {
    const file = this.#file(name)
    this.#perform('truncate', () => {
      if (this.#isFaulty) return
      file.changes.push({ kind: 'length', lengthBytes })
      file.current = resized(file.current, lengthBytes)
    })
  }

  rename(from: string, to: string): void {
    const file = this.#file(from)
    this.#perform('rename', () => this.#change({ kind: 'rename', name: from, to, file }))
  }

  remove(name: string): void {
    const file = this.#file(name)
    this.#perform('remove', () => this.#change({ kind: 'remove', name, file }))
  }

  syncDirectory(): void {
    this.#perform('syncDirectory', () => {
      if (this.#isLast) return
      this.#durableNames = new Map(this.#names)
      this.#nameChanges = []
    })
  }

  close(): void {
    this.#requirePower()
  }

  /** How many changes may be lost or survive, each by itself. */
  get changeCount(): number {
    return this.#nameChanges.length + [...this.#files()].reduce((sum, { changes }) => sum + changes.length, 0)
  }

  /** What is on the medium if, of the changes not synced, those survive that `survives` says. */
  survivors(survives: (change: number) => boolean): MemoryDisk {
    let count = 0
    const contents = new Map<File, Buffer>()
    for (const file of this.#files()) {
      const kept = file.changes.filter(() => survives(count++))
      contents.set(file, kept.reduce(changed, file.durable))
    }
    const names = new Map(this.#durableNames)
    for (const change of this.#nameChanges) if (survives(count++)) applyName(names, change)
    return new MemoryDisk(new Map([...names].map(([name, file]) => [name, contents.get(file)!])))
  }

  #write(name: string, offset: number, bytes: Buffer): void {
    let file = this.#names.get(name)
    if (file === undefined) {
      file = { durable: Buffer.alloc(0), current: Buffer.alloc(0), changes: [] }
      this.#change({ kind: 'add', name, file })
    }
    if (bytes.length === 0) return
    const end = offset + bytes.length
    // A file may have grown though none of the bytes that made it grow arrived.
    if (end > file.current.length) file.changes.push({ kind: 'length', lengthBytes: end })
    for (let at = offset; at < end; ) {
      const next = Math.min(end, (Math.floor(at / this.#sectorBytes) + 1) * this.#sectorBytes)
      file.changes.push({ kind: 'bytes', offset: at, bytes: bytes.subarray(at - offset, next - offset) })
      at = next
    }
    file.current = patched(file.current, offset, bytes)
  }

  #change(change: DirectoryChange): void {
    if (this.#isFaulty && change.kind !== 'add') return
    this.#nameChanges.push(change)
    applyName(this.#names, change)
  }

  /** All that exist, or would if a change of names were lost. */
  #files(): Set<File> {
    return new Set([...this.#durableNames.values(), ...this.#nameChanges.map(({ file }) => file)])
  }

  #perform(operation: Operation, effect: () => void): void {
    this.#requirePower()
    this.operations.push(operation)
    effect()
    if (this.operations.length - 1 === this.failPowerAt) {
      this.#hasPower = false
      throw new PowerFailure()
    }
    if (this.#isFaulty) throw diskError(this.fault!.code, `injected into a ${operation}`)
  }

  get #isFaulty(): boolean {
    return this.fault?.at === this.operations.length - 1
  }

  /** Whether the operation going on is the last one, and so does not end. */
  get #isLast(): boolean {
    return this.operations.length - 1 === this.failPowerAt || this.#isFaulty
  }

  #file(name: string): File {
    this.#requirePower()
    const file = this.#names.get(name)
    if (file === undefined) throw diskError('ENOENT', `no file ${name}`)
    return file
  }

  #requirePower(): void {
    if (!this.#hasPower) throw new PowerFailure()
  }
}

function changed(bytes: Buffer, change: Change): Buffer {
  return change.kind === 'bytes'
    ? patched(bytes, change.offset, change.bytes)
    : resized(bytes, change.lengthBytes)
}

function applyName(names: Map<string, File>, change: DirectoryChange): void {
  const { name, file } = change
  if (change.kind === 'add') names.set(name, file)
  else if (names.get(name) === file) names.delete(name)
  if (change.kind === 'rename') names.set(change.to, file)
}
