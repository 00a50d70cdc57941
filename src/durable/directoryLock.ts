import { randomUUID } from 'node:crypto'
import {
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type LockHolder, StoreLockedError } from './errors.js'
import { lockFile } from './fileNames.js'

interface Owner extends LockHolder {
  /** When the process began, in ticks since the machine did; '' where the system does not tell. */
  readonly startTime: string
  /** Which run of the machine it is of, and which set of process numbers its pid belongs to; or ''. */
  readonly bootId: string
  readonly pidNamespace: string
  /** Of this lock alone. */
  readonly token: string
}

const asidePattern = /^lock-[0-9a-f-]+\.aside$/
const attemptLimit = 100

/**
 * The right to use a directory, which one process at a time has.
 *
 * A lock is a file `lock` that names its owner; it appears with its content, by being linked. One whose
 * owner is dead is moved aside. Between judging and moving, another process may have done the same and
 * locked: so what was moved is looked at again, and put back if its owner lives. Whoever has locked in
 * between looks for locks moved aside before it believes that the directory is its own. So *any* file here
 * that names a live owner means that the directory is locked, and a process that dies anywhere in between
 * leaves nothing worse.
 */
export class DirectoryLock {
  readonly #path: string
  readonly #owner: Owner

  private constructor(path: string, owner: Owner) {
    this.#path = path
    this.#owner = owner
  }

  /** Throws `StoreLockedError` if a live process, this one included, has the directory. */
  static acquire(path: string): DirectoryLock {
    const owner = thisOwner()
    const temporary = join(path, `lock-${owner.token}.tmp`)
    writeFileSync(temporary, JSON.stringify(owner), { flag: 'wx' })
    try {
      for (let attempt = 0; attempt < attemptLimit; attempt++) {
        if (tryLink(temporary, join(path, lockFile))) {
          const lock = new DirectoryLock(path, owner)
          lock.#requireAlone()
          return lock
        }
        const holder = ownerIn(join(path, lockFile))
        if (holder === undefined) continue
        if (isAlive(holder)) throw lockedBy(path, holder)
        moveAside(path, owner.token, holder)
      }
      throw lockedBy(path, ownerIn(join(path, lockFile)) ?? owner)
    } finally {
      unlinkSync(temporary)
    }
  }

  /** Throws `StoreLockedError` if anybody alive has the directory. */
  static requireFree(path: string): void {
    const owner = liveOwners(path)[0]
    if (owner !== undefined) throw lockedBy(path, owner)
  }

  /** Gives the directory back. A second call does nothing. */
  release(): void {
    for (const name of lockNames(this.#path)) {
      const file = join(this.#path, name)
      if (ownerIn(file)?.token === this.#owner.token) unlinkIfThere(file)
    }
  }

  #requireAlone(): void {
    const other = liveOwners(this.#path).find(({ token }) => token !== this.#owner.token)
    if (other !== undefined) {
      this.release()
      throw lockedBy(this.#path, other)
    }
    for (const name of lockNames(this.#path)) if (name !== lockFile) unlinkIfThere(join(this.#path, name))
  }
}

function lockedBy(path: string, owner: Owner): StoreLockedError {
  return new StoreLockedError(path, owner, isOfThisSystem(owner, thisOwner()))
}

/** Whether the owner's process number means anything here. */
function isOfThisSystem({ host, pidNamespace: namespace }: Owner, self: Owner): boolean {
  return host === self.host && namespace === self.pidNamespace
}

function thisOwner(): Owner {
  return {
    pid: process.pid,
    host: hostname(),
    startTime: startTimeOf('self'),
    bootId: textOf('/proc/sys/kernel/random/boot_id'),
    pidNamespace: pidNamespace(),
    token: randomUUID(),
  }
}

/** Only a process of which it is certain that it is gone is dead. */
function isAlive(owner: Owner): boolean {
  const { pid, host, startTime, bootId } = owner
  const self = thisOwner()
  if (bootId !== self.bootId) return host !== self.host
  if (!isOfThisSystem(owner, self)) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return startTime === '' || startTimeOf(String(pid)) === startTime
}

/** Moves the lock of a dead owner aside and removes it; what turns out to be another's is put back. */
function moveAside(path: string, token: string, dead: Owner): void {
  const lock = join(path, lockFile)
  const aside = join(path, `lock-${token}.aside`)
  try {
    renameSync(lock, aside)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  const moved = ownerIn(aside)
  if (moved !== undefined && moved.token !== dead.token && !putBack(aside, lock)) throw lockedBy(path, moved)
  unlinkIfThere(aside)
}

/** Whoever has locked meanwhile sees the file aside, and withdraws. */
function putBack(aside: string, lock: string): boolean {
  for (let attempt = 0; attempt < attemptLimit; attempt++) {
    if (tryLink(aside, lock)) return true
    Atomics.wait(neverNotified, 0, 0, 1)
  }
  return false
}

const neverNotified = new Int32Array(new SharedArrayBuffer(4))

function liveOwners(path: string): Owner[] {
  return lockNames(path).flatMap((name) => {
    const owner = ownerIn(join(path, name))
    return owner !== undefined && isAlive(owner) ? [owner] : []
  })
}

function lockNames(path: string): string[] {
  return readdirSync(path).filter((name) => name === lockFile || asidePattern.test(name))
}

/**
 * Undefined if the file is gone. A lock appears with its content, so one without was left by a crash of the
 * machine: of an earlier boot.
 */
function ownerIn(file: string): Owner | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const crashed = {
    pid: 0,
    host: hostname(),
    startTime: '',
    bootId: 'earlier',
    pidNamespace: '',
    token: text,
  }
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null
    return typeof owner?.pid === 'number' && typeof owner.token === 'string'
      ? { ...crashed, ...owner }
      : crashed
  } catch {
    return crashed
  }
}

/**
 * Field 22 of what Linux says about a process; its name, field 2, may hold blanks and brackets. A process
 * that has ended, and whose parent has not noticed, has none.
 */
function startTimeOf(process: string): string {
  const text = textOf(`/proc/${process}/stat`)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '')
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

/** What a file of the system says; nothing where there is none. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
