import { describe, expect, test } from 'vitest'
import { Appender } from '../../src/durable/appender.js'
import { crc32cSeed } from '../../src/durable/crc32c.js'
import { JournalClosedError, JournalFailedError } from '../../src/durable/errors.js'
import { Flusher } from '../../src/durable/flusher.js'
import { frameKind } from '../../src/durable/frame.js'
import { Ring, RingCapacityError } from '../../src/durable/ring.js'
import { ringHeader, ringState, unitBytes } from '../../src/durable/ringLayout.js'
import { beginSegment } from '../../src/durable/newSegment.js'
import { SegmentWriter } from '../../src/durable/segmentWriter.js'
import { MemoryDisk } from '../kit/memoryDisk.js'
import { scanAll, storeId, writeCheckpoint } from '../kit/journalKit.js'

const seed = crc32cSeed(storeId)
const capacityBytes = 64 * 1024

function journalAt(position: number) {
  const ring = Ring.create(capacityBytes, position)
  const disk = new MemoryDisk()
  const writer = SegmentWriter.begin(disk, { storeId, position, state: ring.segmentState })
  return { ring, disk, writer, flusher: new Flusher(ring, writer) }
}

function claim(appender: Appender, text: string) {
  const payload = Buffer.from(text)
  appender.claim(payload.length)
  return payload
}

function take(appender: Appender, payload: Buffer, payloadWords?: Int32Array) {
  const checksum = appender.checksum(payload, 0, payload.length)
  const frame = { kind: frameKind.entry, position: appender.take(), payloadBytes: payload.length, checksum }
  appender.write(frame, payload, payloadWords)
  return frame.position
}

/** The same bytes as words, and others behind them. */
function wordsOf(payload: Buffer): Int32Array {
  const words = new Int32Array((payload.length >> 2) + 8).fill(-1)
  Buffer.from(words.buffer).set(payload)
  return words
}

function append(appender: Appender, text: string) {
  const position = take(appender, claim(appender, text))
  appender.publish()
  return position
}

describe('a ring', () => {
  test.each([0, 64, 2 ** 31 - 8, 2 ** 32 - 64, 2 ** 35 - 8, 2 ** 35 + 8, 2 ** 40])(
    'tells positions around %d, whichever of the counters is read first',
    (position) => {
      const { ring } = journalAt(position)
      expect(ring.tail).toBe(position)
      const units = ring.i32[ringHeader.tailUnits]!
      expect(ring.positionOf((units + 8192) | 0)).toBe(position + 65536)
      // What was read before others went on, and were released.
      ring.f64[ringHeader.written >> 1] = position + 4096
      expect(ring.positionOf(units)).toBe(position)
    },
  )

  test.each([0, 100_000, 2 ** 31, 3.5, Number.NaN])('refuses a capacity of %d', (bytes) => {
    expect(() => Ring.create(bytes, 0)).toThrow(RingCapacityError)
  })

  test('has the same bytes whether payloads are copied by words or not', () => {
    const [a, b] = [journalAt(0), journalAt(0)]
    const [byBytes, byWords] = [a, b].map(({ ring }) => new Appender(ring, 1, seed)) as [Appender, Appender]
    for (let i = 0; i < 1000; i++) {
      const text = 'x'.repeat((i * 31) % 1030)
      append(byBytes, text)
      const payload = claim(byWords, text)
      take(byWords, payload, wordsOf(payload))
      byWords.publish()
      if (i % 40 !== 39) continue
      expect(b.ring.bytes.equals(a.ring.bytes)).toBe(true)
      for (const { flusher } of [a, b]) while (flusher.step());
    }
    expect(a.ring.tail).toBeGreaterThan(4 * capacityBytes)
    expect(b.ring.tail).toBe(a.ring.tail)
  })

  test.each([0, 2 ** 35 - 4096])('keeps everything in order, lap after lap, from %d on', (start) => {
    const { ring, disk, flusher } = journalAt(start)
    const appenders = [new Appender(ring, 1, seed), new Appender(ring, 2, seed)]
    const texts: string[] = []
    for (let i = 0; i < 2000; i++) {
      const text = `${i} ${'x'.repeat((i * 37) % 300)}`
      texts.push(text)
      append(appenders[i % 2]!, text)
      if (i % 100 === 99) while (flusher.step());
    }
    expect(ring.durable).toBe(ring.tail)
    writeCheckpoint(disk, { position: start, required: start }, [])
    expect(scanAll(disk).records.slice(-texts.length)).toEqual(texts)
  })

  test('is not written past a frame that is not published', () => {
    const { ring, flusher } = journalAt(0)
    const [slow, fast] = [new Appender(ring, 1, seed), new Appender(ring, 2, seed)]
    const position = take(slow, claim(slow, 'first'))
    append(fast, 'second')
    expect(flusher.step()).toBe(false)
    expect(ring.durable).toBe(position)
    slow.publish()
    expect(flusher.step()).toBe(true)
    expect(ring.durable).toBe(ring.tail)
  })

  test('refuses what can never fit, and what has no room now, and keeps nothing of either', () => {
    const { ring } = journalAt(0)
    const appender = new Appender(ring, 1, seed)
    expect(() => appender.claim(capacityBytes)).toThrow(/at most|limit/)
    const claimed = ring.i32[ringHeader.claimedUnits]!
    expect(claimed).toBe(0)
    appender.claim(capacityBytes - 16)
    expect(ring.i32[ringHeader.claimedUnits]! * unitBytes).toBe(capacityBytes)
    appender.unclaim()
    expect(ring.i32[ringHeader.claimedUnits]).toBe(0)
  })

  test('refuses claims once it is closing, and says why once it has failed', () => {
    const { ring } = journalAt(0)
    const appender = new Appender(ring, 1, seed)
    ring.setState(ringState.closing)
    expect(() => appender.claim(1)).toThrow(/closed/)
    ring.fail(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', syscall: 'fdatasync' }))
    ring.fail(new Error('a later one'))
    expect(() => appender.claim(1)).toThrow(/EIO/)
    expect(ring.failure().cause).toMatchObject({ code: 'EIO', syscall: 'fdatasync' })
  })
})

describe('a site that died', () => {
  test.each([
    ['with room claimed', (appender: Appender) => void claim(appender, 'lost'), false, ['before', 'after']],
    [
      'before its commit point',
      (appender: Appender) => void take(appender, claim(appender, 'lost')),
      false,
      ['before', 'after'],
    ],
    [
      'after its commit point',
      (appender: Appender) => void take(appender, claim(appender, 'kept')),
      true,
      ['before', 'kept', 'after'],
    ],
    [
      'after all was published',
      (appender: Appender) => void append(appender, 'kept'),
      true,
      ['before', 'kept', 'after'],
    ],
  ])('%s holds up nobody', (_, die, isCommitted, expected) => {
    const { ring, disk, flusher } = journalAt(0)
    const [survivor, dead] = [new Appender(ring, 1, seed), new Appender(ring, 2, seed)]
    append(survivor, 'before')
    die(dead)
    append(survivor, 'after')
    survivor.recoverSite(2, isCommitted)
    // A recoverer may die too, and be followed by another.
    survivor.recoverSite(2, isCommitted)
    while (flusher.step());
    expect(flusher.isDrained).toBe(true)
    expect(scanAll(disk).records).toEqual(expected)
  })
})

describe('a new segment', () => {
  test('begins where the journal thread is, once for all who ask before it does', () => {
    const { ring, disk, flusher } = journalAt(0)
    const appender = new Appender(ring, 1, seed)
    const segments = () => disk.list().filter((name) => name.endsWith('.log'))
    append(appender, 'first')
    flusher.step()
    append(appender, 'second')
    flusher.rotateIfAsked()
    expect(segments()).toHaveLength(1)
    Atomics.add(ring.i32, ringHeader.segmentsAsked, 2)
    flusher.rotateIfAsked()
    flusher.rotateIfAsked()
    expect(segments()).toHaveLength(2)
    expect(ring.f64[ringHeader.segment >> 1]).toBe(ring.durable)
    flusher.step()
    expect(scanAll(disk).scan.endPosition).toBe(ring.tail)
    expect(ring.i32[ringHeader.segmentsBegun]).toBe(ring.i32[ringHeader.segmentsAsked])
  })

  test('is not begun for who is content with a young one', () => {
    const { ring, flusher } = journalAt(4096)
    append(new Appender(ring, 1, seed), 'first')
    flusher.step()
    const isDead = () => false
    expect(beginSegment(ring, isDead, 4096)).toBe(4096)
    expect(beginSegment(ring, isDead, 0)).toBe(4096)
    expect(ring.i32[ringHeader.segmentsAsked]).toBe(0)
    ring.setState(ringState.closed)
    expect(() => beginSegment(ring, isDead, 4104)).toThrow(JournalClosedError)
  })

  test('is waited for across the end of the count, and not from a journal that has ended', () => {
    const { ring, flusher } = journalAt(0)
    const isDead = () => false
    ring.i32[ringHeader.segmentsAsked] = ring.i32[ringHeader.segmentsBegun] = 2 ** 31 - 1
    Atomics.add(ring.i32, ringHeader.segmentsAsked, 2)
    flusher.rotateIfAsked()
    // One of the two that were answered.
    Atomics.sub(ring.i32, ringHeader.segmentsAsked, 1)
    expect(beginSegment(ring, isDead)).toBe(0)
    ring.i32[ringHeader.nativeThread] = 1
    expect(() => beginSegment(ring, () => true)).toThrow(JournalFailedError)
    const closed = journalAt(0).ring
    closed.setState(ringState.closed)
    expect(() => beginSegment(closed, isDead)).toThrow(JournalClosedError)
  })
})
