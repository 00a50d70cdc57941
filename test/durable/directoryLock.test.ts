import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { DirectoryLock } from '../../src/durable/directoryLock.js'
import { StoreLockedError } from '../../src/durable/errors.js'

const folders: string[] = []
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-lock-'))
  folders.push(folder)
  return folder
}

const built = new URL('../../dist/durable/directoryLock.js', import.meta.url).href

/** A process of its own that locks, says so, and stays until it is killed. */
async function otherProcess(folder: string): Promise<{ child: ChildProcess; said: string }> {
  const code = `
    import { DirectoryLock } from ${JSON.stringify(built)}
    try { DirectoryLock.acquire(${JSON.stringify(folder)}); console.log('locked') }
    catch (error) { console.log(error.code) }
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, said: said.toString().trim() }
}

const text = (folder: string) => readFileSync(join(folder, 'lock'), 'utf8')

describe('the lock of a directory', () => {
  test('is held by one, who is named, until it is given back', () => {
    const folder = newFolder()
    const lock = DirectoryLock.acquire(folder)
    expect(() => DirectoryLock.requireFree(folder)).toThrow(`in use by process ${process.pid}`)
    expect(() => DirectoryLock.acquire(folder)).toThrow(StoreLockedError)
    expect(() => DirectoryLock.acquire(folder)).toThrow(`in use by process ${process.pid}`)
    lock.release()
    lock.release()
    expect(readdirSync(folder)).toEqual([])
    DirectoryLock.requireFree(folder)
    DirectoryLock.acquire(folder).release()
  })

  test('held by another process is respected while that lives, and taken over once killed', async () => {
    const folder = newFolder()
    const { child, said } = await otherProcess(folder)
    expect(said).toBe('locked')
    expect(() => DirectoryLock.acquire(folder)).toThrow(`in use by process ${child.pid}`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = DirectoryLock.acquire(folder)
    expect(readdirSync(folder)).toEqual(['lock'])
    lock.release()
  })

  test.each([
    ['nobody: it is empty, as a crash of the machine may leave it', () => ''],
    ['nobody: it makes no sense', () => '{"pid":'],
    ['a process of an earlier boot', (own: string) => own.replace(/"bootId":"[^"]*"/, '"bootId":"x"')],
    [
      'an earlier process of the same number',
      (own: string) => own.replace(/"startTime":"\d*"/, '"startTime":"1"'),
    ],
  ])('is taken over from %s', (_, change) => {
    const folder = newFolder()
    const lock = DirectoryLock.acquire(folder)
    const own = text(folder)
    lock.release()
    writeFileSync(join(folder, 'lock'), change(own).replace(/"token":"[^"]*"/, '"token":"other"'))
    DirectoryLock.acquire(folder).release()
    expect(readdirSync(folder)).toEqual([])
  })

  test('of another machine is respected: whether its process lives cannot be known', () => {
    const folder = newFolder()
    const lock = DirectoryLock.acquire(folder)
    const other = text(folder)
      .replace(/"host":"[^"]*"/, '"host":"elsewhere"')
      .replace(/"bootId":"[^"]*"/, '"bootId":"x"')
    lock.release()
    writeFileSync(join(folder, 'lock'), other)
    expect(() => DirectoryLock.acquire(folder)).toThrow(
      expect.objectContaining({
        name: 'StoreLockedError',
        holder: expect.objectContaining({ pid: process.pid, host: 'elsewhere' }),
        isHolderAlive: false,
        message: expect.stringContaining(`remove ${folder}/lock`),
      }),
    )
    // The way out that the error names.
    rmSync(join(folder, 'lock'))
    DirectoryLock.acquire(folder).release()
  })

  test('of another container of this machine is respected as well', () => {
    const folder = newFolder()
    const lock = DirectoryLock.acquire(folder)
    const other = text(folder).replace(/"pidNamespace":"[^"]*"/, '"pidNamespace":"pid:[1]"')
    lock.release()
    writeFileSync(join(folder, 'lock'), other)
    expect(() => DirectoryLock.acquire(folder)).toThrow(expect.objectContaining({ isHolderAlive: false }))
  })

  test('of a process that runs here is said to be of one', () => {
    const folder = newFolder()
    const lock = DirectoryLock.acquire(folder)
    expect(() => DirectoryLock.acquire(folder)).toThrow(expect.objectContaining({ isHolderAlive: true }))
    lock.release()
  })

  test('that somebody is moving aside still counts, and its owner gives it back', () => {
    const folder = newFolder()
    const lock = DirectoryLock.acquire(folder)
    renameSync(join(folder, 'lock'), join(folder, 'lock-0000.aside'))
    expect(() => DirectoryLock.acquire(folder)).toThrow(StoreLockedError)
    expect(readdirSync(folder)).toEqual(['lock-0000.aside'])
    lock.release()
    expect(readdirSync(folder)).toEqual([])
  })

  test('left by a dead process goes to one of several that want it', async () => {
    const folder = newFolder()
    const dead = await otherProcess(folder)
    dead.child.kill('SIGKILL')
    await once(dead.child, 'exit')
    const said = await Promise.all(Array.from({ length: 4 }, async () => (await otherProcess(folder)).said))
    expect(said.toSorted()).toEqual([...Array<string>(3).fill('TIDEMARK_STORE_LOCKED'), 'locked'])
  })
})
