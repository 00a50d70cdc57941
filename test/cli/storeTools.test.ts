import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DirectoryLock } from '../../src/durable/directoryLock.js'
import { segmentName } from '../../src/durable/fileNames.js'
import { NodeDisk } from '../../src/durable/nodeDisk.js'
import { writeCheckpoint, writeGroup, writerOn } from '../kit/journalKit.js'
import { tidemark } from './command.js'

let folder: string
let store: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-cli-'))
  store = join(folder, 'store')
  const disk = NodeDisk.open(store)
  const writer = writerOn(disk, { segmentBytes: 200 })
  for (const entry of ['a', 'b', 'c']) writeGroup(writer, [entry])
  writeCheckpoint(disk, { position: 48, required: 48 }, [['key', 'value']])
  writer.end(writer.position)
  disk.close()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const contents = () => readdirSync(store).map((name) => [name, readFileSync(join(store, name), 'hex')])

function damage(name: string, offset: number): void {
  const bytes = readFileSync(join(store, name))
  bytes[offset]! ^= 1
  writeFileSync(join(store, name), bytes)
}

describe('tidemark verify', () => {
  test('says that a store is sound, and changes nothing', async () => {
    const before = contents()
    const { code, stdout, stderr } = await tidemark('verify', store)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^sound: 1 entry\nends at position 72, closed\nbegins with checkpoint-/)
    expect(contents()).toEqual(before)
  })

  test('names file and byte of damage, and ends with 1', async () => {
    damage(segmentName(48), 64 + 32 + 16)
    const { code, stdout } = await tidemark('verify', store)
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /^DAMAGED: journal-0000000000000030.log, byte 96: the checksum .*\ntidemark salvage/,
    )
  })

  test('refuses politely what is in use, what is not there, and a missing argument', async () => {
    const lock = DirectoryLock.acquire(store)
    const inUse = await tidemark('verify', store)
    lock.release()
    expect([inUse.code, inUse.stdout]).toEqual([3, ''])
    expect(inUse.stderr).toMatch(/^tidemark: .* is in use by process \d+/)
    const missing = await tidemark('verify', join(folder, 'nothing'))
    expect([missing.code, missing.stderr]).toEqual([3, expect.stringMatching(/^tidemark: ENOENT/)])
    expect((await tidemark('verify')).code).toBe(2)
  })
})

describe('tidemark inspect', () => {
  test('shows tables and files', async () => {
    const { code, stdout } = await tidemark('inspect', store)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^store 00112233-4455-6677-8899-aabbccddeeff\n/)
    expect(stdout).toMatch(/^ {2}1 {2}t \(string\)$/m)
    expect(stdout).toMatch(/^ {2}checkpoint-0000000000000030.ckpt .* 1 key, replay from 48/m)
    expect(stdout).toMatch(
      /^ {2}journal-0000000000000030.log .* positions 48 to 72 {2}1 mark, 1 entry, 1 end$/m,
    )
  })

  test('shows where and why a tail will be cut off', async () => {
    writeFileSync(join(store, segmentName(48)), readFileSync(join(store, segmentName(48))).subarray(0, 100))
    const { stdout } = await tidemark('inspect', store)
    expect(stdout).toMatch(/torn tail: journal-0000000000000030.log will be cut off at byte 96 \(4 bytes\)/)
  })

  test('prints JSON', async () => {
    const { stdout } = await tidemark('inspect', store, '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      opening: { verdict: 'opens', endPosition: 72 },
      tables: [{ name: 't' }],
    })
  })
})

describe('tidemark salvage', () => {
  test('writes a sound store and lists what is lost', async () => {
    damage(segmentName(48), 64 + 32 + 16)
    const out = join(folder, 'saved')
    const before = contents()
    const { code, stdout } = await tidemark('salvage', store, '--out', out)
    expect(code).toBe(1)
    expect(stdout).toMatch(/1 table, 0 transactions, 1 put or removal, 0 journal entries\nlost:\n/)
    expect(stdout).toMatch(/^ {2}journal-0000000000000030.log, bytes 96 to 120, positions 48 to 72$/m)
    expect(contents()).toEqual(before)
    expect((await tidemark('verify', out)).code).toBe(0)
    const again = await tidemark('salvage', store, '--out', out)
    expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('not empty')])
  })
})
