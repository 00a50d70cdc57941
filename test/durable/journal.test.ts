import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  inspect,
  type Journal,
  JournalClosedError,
  JournalOptionError,
  type JournalPosition,
  JournalPositionError,
  openJournal,
  PayloadError,
  RecordTooLongError,
  StoreLockedError,
} from 'tidemark/journal'
import { NodeDisk } from '../../src/durable/nodeDisk.js'
import { writeCheckpoint } from '../kit/journalKit.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const bytes = (text: string) => Buffer.from(text)
const texts = (journal: Journal, from?: JournalPosition) =>
  [...journal.read(from)].map(({ payload }) => Buffer.from(payload).toString())

describe('a journal', () => {
  test('keeps what was committed, in order, over openings', async () => {
    const first = await openJournal(folder)
    const positions = await first.commit(bytes('a'), bytes('b'))
    expect(positions).toEqual(positions.toSorted())
    expect(texts(first)).toEqual(['a', 'b'])
    await first.close()
    await using second = await openJournal(folder)
    await second.commit(bytes('c'))
    expect(texts(second)).toEqual(['a', 'b', 'c'])
    expect(texts(second, positions[1])).toEqual(['b', 'c'])
    expect([...second.read(positions[1])][0]?.position).toBe(positions[1])
    expect(second.status()).toMatchObject({ state: 'open', begin: positions[0], cause: undefined })
  })

  test('takes appends without waiting, and flushes them', async () => {
    await using journal = await openJournal(folder)
    const positions = Array.from({ length: 1000 }, (_, i) => journal.append(bytes(`entry ${i}`))[0]!)
    expect(new Set(positions).size).toBe(1000)
    expect(journal.append()).toEqual([])
    await journal.whenDurable(positions[500]!)
    await journal.flush()
    const { durable, end, syncs } = journal.status()
    expect(durable).toBe(end)
    expect(syncs).toBeLessThan(500)
    expect(texts(journal)).toEqual(positions.map((_, i) => `entry ${i}`))
  })

  test('makes appends wait, rather than lose any, while its buffer is full', async () => {
    await using journal = await openJournal(folder, { bufferBytes: 65_536, segmentBytes: 100_000 })
    const payload = Buffer.alloc(10_000)
    for (let i = 0; i < 60; i++) {
      payload.writeUInt32LE(i)
      journal.append(payload)
    }
    await journal.flush()
    const found = [...journal.read()].map((entry) => Buffer.from(entry.payload).readUInt32LE())
    expect(found).toEqual(Array.from({ length: 60 }, (_, i) => i))
    expect(() => journal.append(Buffer.alloc(65_536))).toThrow(
      expect.objectContaining({ code: new RecordTooLongError(1, 1).code }),
    )
  })

  test('gives room back for what is truncated', async () => {
    const settings = { segmentBytes: 20_000 }
    const journal = await openJournal(folder, settings)
    const positions: JournalPosition[] = []
    for (let i = 0; i < 20; i++) positions.push(...(await journal.commit(Buffer.alloc(5000, i))))
    const segments = () => readdirSync(folder).filter((name) => name.startsWith('journal-')).length
    const before = segments()
    await journal.truncateBefore(positions[15]!)
    expect(segments()).toBeLessThan(before - 3)
    await journal.truncateBefore(positions[3 + 12]!)
    expect([...journal.read()].map(({ position }) => position)).toEqual(positions.slice(15))
    expect(() => [...journal.read(positions[14])]).toThrow(/truncated away/)
    await journal.close()
    await using again = await openJournal(folder, settings)
    expect([...again.read()].map(({ position }) => position)).toEqual(positions.slice(15))
    await again.truncateBefore(again.status().end)
    expect([...again.read()]).toEqual([])
    const [next] = await again.commit(bytes('next'))
    expect(next! > positions[19]!).toBe(true)
    expect(texts(again)).toEqual(['next'])
  })

  test('has a larger fencing token at each opening', async () => {
    const tokens: number[] = []
    for (let i = 0; i < 3; i++) {
      await using journal = await openJournal(folder)
      tokens.push(journal.fencingToken)
    }
    expect(tokens).toEqual([1, 2, 3])
  })

  test('belongs to one at a time, and does nothing once closed', async () => {
    const journal = await openJournal(folder)
    const locked = { code: new StoreLockedError('', { pid: 1, host: '' }, true).code }
    await expect(openJournal(folder)).rejects.toMatchObject(locked)
    expect(() => inspect(folder)).toThrow(expect.objectContaining(locked))
    const [position] = journal.append(bytes('last words'))
    await journal.close()
    await journal.close()
    const closed = { code: new JournalClosedError().code }
    expect(() => journal.append(bytes('x'))).toThrow(expect.objectContaining(closed))
    await expect(journal.commit(bytes('x'))).rejects.toMatchObject(closed)
    await expect(journal.whenDurable(position!)).resolves.toBeUndefined()
    expect(journal.status().state).toBe('closed')
    expect(inspect(folder).opening).toMatchObject({ verdict: 'opens', isEnded: true, journalEntries: 1 })
  })

  test('refuses positions that are none, options it cannot have, and the directory of a store', async () => {
    const journal = await openJournal(folder)
    const unusable = { code: new JournalPositionError('', '').code }
    const beyond = 'ffffffffffff' as JournalPosition
    await expect(journal.whenDurable('nonsense' as JournalPosition)).rejects.toMatchObject(unusable)
    await expect(journal.whenDurable(beyond.padStart(16, '0') as JournalPosition)).rejects.toMatchObject(
      unusable,
    )
    await expect(journal.whenDurable(journal.status().end)).rejects.toMatchObject(unusable)
    await journal.close()
    const options = { code: new JournalOptionError('', 0, '').code }
    await expect(openJournal(folder, { bufferBytes: 100_000 })).rejects.toMatchObject(options)
    await expect(openJournal(folder, { segmentBytes: 10 })).rejects.toMatchObject(options)
    const store = join(folder, 'store')
    const disk = NodeDisk.open(store)
    writeCheckpoint(disk, { position: 0, required: 0 }, [['k', 'v']])
    disk.close()
    await expect(openJournal(store)).rejects.toMatchObject({ code: new PayloadError('').code })
    expect(readdirSync(store)).toHaveLength(1)
  })

  test('loses nothing committed when its process is killed, again and again', async () => {
    const code = `
      import { openJournal } from ${JSON.stringify(import.meta.resolve('tidemark/journal'))}
      const journal = await openJournal(${JSON.stringify(folder)}, { segmentBytes: 8192 })
      let next = [...journal.read()].length
      for (;;) {
        const batch = Array.from({ length: 1 + next % 5 }, () => Buffer.from(String(next++)))
        await journal.commit(...batch)
        process.stdout.write(next + '\\n')
      }`
    let acknowledged = 0
    for (let run = 0; run < 6; run++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        if (said.length > 200 * (run + 1)) child.kill('SIGKILL')
      })
      await once(child, 'close')
      acknowledged = Number(said.split('\n').at(-2))
    }
    await using journal = await openJournal(folder)
    const found = texts(journal)
    expect(found).toEqual(found.map((_, i) => String(i)))
    expect(found.length).toBeGreaterThanOrEqual(acknowledged)
    expect(acknowledged).toBeGreaterThan(100)
  })
})
