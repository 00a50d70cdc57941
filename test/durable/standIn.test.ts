import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Appender } from '../../src/durable/appender.js'
import { crc32cSeed } from '../../src/durable/crc32c.js'
import type { Disk } from '../../src/durable/disk.js'
import { Durability } from '../../src/durable/durability.js'
import { Flusher } from '../../src/durable/flusher.js'
import { frameKind } from '../../src/durable/frame.js'
import { nativeThread } from '../../src/durable/nativeThread.js'
import { NodeDisk } from '../../src/durable/nodeDisk.js'
import { Ring } from '../../src/durable/ring.js'
import { ringHeader, ringState } from '../../src/durable/ringLayout.js'
import { type SegmentOptions, SegmentWriter } from '../../src/durable/segmentWriter.js'
import { StandIn } from '../../src/durable/standIn.js'
import { makeRandom } from '../kit/engineRandom.js'
import { scanAll, storeId } from '../kit/journalKit.js'
import { MemoryDisk } from '../kit/memoryDisk.js'

const seed = crc32cSeed(storeId)
const capacityBytes = 64 * 1024
const segmentBytes = 4096

/** A journal with the flushers of two writers: the journal thread's, and that of one that commits. */
class Journal {
  readonly ring = Ring.create(capacityBytes, 0)
  readonly texts: string[] = []
  readonly appender: Appender
  readonly flusher: Flusher
  readonly standIn: Flusher
  readonly #disk: Disk
  readonly #options: SegmentOptions & { readonly state: Float64Array }

  constructor(disk: Disk, longestBytes: number = segmentBytes) {
    this.#disk = disk
    this.#options = { storeId, state: this.ring.segmentState, aheadBytes: 1000, segmentBytes: longestBytes }
    this.appender = new Appender(this.ring, 1, seed)
    this.flusher = new Flusher(this.ring, SegmentWriter.begin(disk, { ...this.#options, position: 0 }))
    this.standIn = this.join(disk)
  }

  join(disk: Disk): Flusher {
    return new Flusher(this.ring, SegmentWriter.join(disk, this.#options))
  }

  take(text: string): void {
    const payload = Buffer.from(text)
    this.appender.claim(payload.length)
    const checksum = this.appender.checksum(payload, 0, payload.length)
    const position = this.appender.take()
    this.appender.write({ kind: frameKind.entry, position, payloadBytes: payload.length, checksum }, payload)
    this.texts.push(text)
  }

  append(text: string): void {
    this.take(text)
    this.appender.publish()
  }

  /** The journal thread goes on: everything is written, synced, and given back. */
  expectWhole(): void {
    while (this.flusher.step());
    const { ring } = this
    expect(ring.durable).toBe(ring.tail)
    expect(this.flusher.isDrained).toBe(true)
    expect(ring.bytes.every((byte) => byte === 0)).toBe(true)
    expect(scanAll(this.#disk).records).toEqual(this.texts)
  }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-stand-in-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

describe('two writers that take turns', () => {
  test('write one journal, over segments and laps of the ring', () => {
    const random = makeRandom()
    const journal = new Journal(new MemoryDisk())
    let standInTurns = 0
    for (let i = 0; i < 3000; i++) {
      journal.append(`${i} ${'x'.repeat(random.below(300))}`)
      const turn = random.below(4)
      if (turn === 0) journal.flusher.step()
      else if (turn === 1 && journal.standIn.stepShort()) standInTurns++
      if (random.below(100) > 0) continue
      Atomics.add(journal.ring.i32, ringHeader.segmentsAsked, 1)
      journal.flusher.rotateIfAsked()
    }
    expect(standInTurns).toBeGreaterThan(200)
    expect(journal.ring.tail).toBeGreaterThan(4 * capacityBytes)
    journal.expectWhole()
  })

  test.each<[string, (journal: Journal) => void]>([
    ['nothing is published', (journal) => journal.take('x')],
    [
      'a new segment is asked for',
      (journal) => {
        journal.append('x')
        Atomics.add(journal.ring.i32, ringHeader.segmentsAsked, 1)
      },
    ],
    ['the segment has no room', (journal) => journal.append('x'.repeat(segmentBytes - 80))],
    [
      'the group is long',
      (journal) => {
        for (let i = 0; i < 16; i++) journal.append('x'.repeat(4000))
      },
    ],
    [
      'the journal is closing',
      (journal) => {
        journal.append('x')
        journal.ring.setState(ringState.closing)
      },
    ],
    [
      'the journal has failed',
      (journal) => {
        journal.append('x')
        journal.ring.fail(new Error('EIO'))
      },
    ],
  ])('leave it to the journal thread when %s', (_, prepare) => {
    const journal = new Journal(new MemoryDisk())
    journal.append('before')
    expect(journal.standIn.stepShort()).toBe(true)
    prepare(journal)
    const { durable } = journal.ring
    expect(journal.standIn.stepShort()).toBe(false)
    expect(journal.ring.durable).toBe(durable)
    journal.appender.publish()
    Atomics.store(journal.ring.i32, ringHeader.state, ringState.open)
    journal.flusher.rotateIfAsked()
    journal.expectWhole()
  })
})

class Death extends Error {}

/** The disk of a thread that dies in one of its operations: before it is done, or as soon as it is. */
function dyingIn(disk: Disk, operation: 'write' | 'sync', when: 'before' | 'after'): Disk {
  return new Proxy(disk, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...rest: unknown[]) => unknown
      if (name !== operation) return method.bind(target)
      return (...rest: unknown[]) => {
        if (when === 'after') method.apply(target, rest)
        throw new Death()
      }
    },
  })
}

describe('a writer that has died', () => {
  const deaths = (['write', 'sync'] as const).flatMap((operation) =>
    (['before', 'after'] as const).map((when) => [when, operation] as const),
  )

  test.each(deaths)('%s its %s is followed by the journal thread', (when, operation) => {
    const disk = new MemoryDisk()
    const journal = new Journal(disk)
    for (const text of ['a', 'b', 'c']) journal.append(text)
    const dead = journal.join(dyingIn(disk, operation, when))
    expect(() => dead.stepShort()).toThrow(Death)
    expect(journal.ring.durable).toBe(0)
    // Whether anything is published or not, nobody else may sync what the dead has written.
    const isUnfinished = journal.ring.written > 0
    if (isUnfinished) expect(journal.standIn.stepShort()).toBe(false)
    journal.append('d')
    if (isUnfinished) expect(journal.standIn.stepShort()).toBe(false)
    journal.expectWhole()
  })

  test.each([0, 1, 2])('while it zeroed the room, %d parts of it, of a whole lap of the ring', (zeroed) => {
    const disk = new MemoryDisk()
    const journal = new Journal(disk, 4 * capacityBytes)
    const { ring, flusher } = journal
    // So that the lap begins in the middle of the ring, and has two parts.
    for (let i = 0; i < 8; i++) journal.append('x'.repeat(3800))
    while (flusher.step());
    const fill = capacityBytes / 16
    for (let i = 0; i < 16; i++) journal.append('y'.repeat(fill - 16))
    const before = Buffer.from(ring.bytes)
    const releasedUnits = ring.i32[ringHeader.releasedUnits]!
    const dead = journal.join(dyingIn(disk, 'sync', 'before'))
    // As it was when the group was in the file.
    expect(() => dead.step()).toThrow(Death)
    expect(ring.written - ring.durable).toBe(capacityBytes)
    ring.i32[ringHeader.releasedUnits] = releasedUnits
    const middle = ring.wordOf(releasedUnits) * 4
    if (zeroed < 1) before.copy(ring.bytes, middle, middle)
    if (zeroed < 2) before.copy(ring.bytes, 0, 0, middle)
    journal.expectWhole()
    journal.append('goes on')
    journal.expectWhole()
  })
})

describe.skipIf(nativeThread() === 0)('a thread that waits for its commit', () => {
  function journalIn(path: string) {
    const disk = NodeDisk.open(path)
    onTestFinished(() => disk.close())
    const journal = new Journal(disk)
    const standIn = new StandIn(journal.ring, { path, storeId, segmentBytes })
    onTestFinished(() => standIn.close())
    return { journal, standIn, durability: new Durability(journal.ring, () => false, standIn) }
  }

  test('writes it itself, and wakes nobody', () => {
    const { journal, durability } = journalIn(folder())
    for (let i = 0; i < 10; i++) {
      journal.append(`${i}`)
      durability.wait(journal.ring.tail, 10)
    }
    expect(journal.ring.syncs).toBe(10)
    expect(journal.ring.i32[ringHeader.demand]).toBe(0)
    expect(journal.ring.i32[ringHeader.writer]).toBe(0)
    journal.expectWhole()
  })

  test('asks the journal thread for what it may not write', () => {
    const { journal, durability } = journalIn(folder())
    journal.take('not published')
    expect(() => durability.wait(journal.ring.tail, 10)).toThrow(/10 ms/)
    expect(journal.ring.i32[ringHeader.demand]).toBe(1)
  })

  test('leaves the journal thread alone while another commit is at it, unless that takes long', () => {
    const { journal, durability, standIn } = journalIn(folder())
    const { ring } = journal
    ring.becomeWriter(1_000_000)
    journal.append('x')
    expect(standIn.tryWrite()).toBe('busy')
    expect(() => durability.wait(ring.tail, 5)).toThrow(/5 ms/)
    expect(ring.i32[ringHeader.demand]).toBe(0)
    expect(() => durability.wait(ring.tail, 150)).toThrow(/150 ms/)
    expect(ring.i32[ringHeader.demand]).toBe(1)
    ring.i32[ringHeader.nativeThread] = 1_000_000
    expect(standIn.tryWrite()).toBe('declined')
    ring.stopWriting()
    expect(standIn.tryWrite()).toBe('written')
  })

  test('fails, and the journal with it, when the file cannot be written', () => {
    const path = folder()
    const { journal, durability } = journalIn(path)
    rmSync(path, { recursive: true })
    journal.append('x')
    expect(() => durability.wait(journal.ring.tail, 1000)).toThrow(/ENOENT/)
    expect(journal.ring.state).toBe(ringState.failed)
    expect(journal.ring.i32[ringHeader.writer]).toBe(0)
  })

  test('keeps no file open but the segment it writes', () => {
    const path = folder()
    const { journal, standIn } = journalIn(path)
    const open = () =>
      readdirSync('/proc/self/fd').flatMap((descriptor) => {
        try {
          const file = readlinkSync(`/proc/self/fd/${descriptor}`)
          return file.startsWith(path) ? [file] : []
        } catch {
          return []
        }
      })
    for (let i = 0; i < 50; i++) {
      journal.append('x'.repeat(1000))
      if (i % 5 === 4 || standIn.tryWrite() !== 'written') journal.flusher.step()
    }
    expect(readdirSync(path).length).toBeGreaterThan(10)
    const files = open()
    expect(new Set(files).size).toBeLessThanOrEqual(2)
    expect(files.length).toBeLessThanOrEqual(3)
    journal.expectWhole()
  })
})
