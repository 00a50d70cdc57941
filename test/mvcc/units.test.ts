import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockKind, header } from '../../src/memory/layout.js'
import type { Engine } from '../../src/mvcc/engine.js'
import { KeyBuffer, keyLengthLimit, keyStart } from '../../src/mvcc/keyBuffer.js'
import { retiredKind } from '../../src/mvcc/retired.js'
import { keyLengthOfMeta, tableOfMeta, tupleMeta } from '../../src/mvcc/tuple.js'
import { notWritten, writeDeleted, WriteSet } from '../../src/mvcc/writeSet.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, mebibyte, Session } from '../kit/engineKit.js'
import { randomOf } from '../kit/engineRandom.js'

describe('a key buffer', () => {
  const bytes = fc.uint8Array({ maxLength: 40 })

  test('has words that are equal exactly for equal keys of one table, whatever was in it before', () => {
    const buffer = new KeyBuffer()
    const words = (table: number, key: Uint8Array) => {
      buffer.bytes.fill(key.length * 7)
      buffer.set(table, key, 0, key.length)
      return { words: [...buffer.words.subarray(0, buffer.wordCount)].join(), hash: buffer.hash }
    }
    const table = fc.integer({ min: 1, max: 4095 })
    fc.assert(
      fc.property(table, bytes, table, bytes, (tableA, a, tableB, b) => {
        const isSame = tableA === tableB && Buffer.compare(a, b) === 0
        expect(words(tableA, a).words === words(tableB, b).words).toBe(isSame)
        expect(words(tableA, a)).toEqual(words(tableA, a))
      }),
    )
  })

  test('holds the longest key', () => {
    const buffer = new KeyBuffer()
    const key = new Uint8Array(keyLengthLimit).fill(0xff)
    buffer.set(4095, key, 0, key.length)
    expect(buffer.length).toBe(keyLengthLimit)
    expect(Buffer.compare(buffer.bytes.subarray(keyStart, keyStart + keyLengthLimit), key)).toBe(0)
    const meta = buffer.words[0]! & 0xff_ffff
    expect([tableOfMeta(meta), keyLengthOfMeta(meta)]).toEqual([4095, keyLengthLimit])
    expect(tupleMeta(4095, keyLengthLimit)).toBe(meta)
  })

  test('spreads keys that differ little', () => {
    const buffer = new KeyBuffer()
    const buckets = new Set<number>()
    for (let i = 0; i < 1024; i++) {
      buffer.set(1, Uint8Array.of(0, 0, 0, 0, 0, 0, i >> 8, i & 0xff), 0, 8)
      buckets.add(buffer.hash & 1023)
    }
    // A random function would reach 647 of 1024.
    expect(buckets.size).toBeGreaterThan(550)
  })
})

describe('a write set', () => {
  test('finds what a map finds until it is sorted', () => {
    const writes = new WriteSet()
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.nat(99)), { maxLength: 400, size: 'max' }),
        (steps) => {
          const model = new Map<number, [number, number]>()
          for (const [tuple, start] of steps) {
            const end = start % 7 === 0 ? writeDeleted : start + 5
            writes.set(tuple, start, end)
            model.set(tuple, [start, end])
          }
          const check = () => {
            expect(writes.count).toBe(model.size)
            for (const [tuple, [start, end]] of model) {
              const entry = writes.indexOf(tuple)
              expect([writes.tuples[entry], writes.starts[entry], writes.ends[entry]]).toEqual([
                tuple,
                start,
                end,
              ])
            }
            expect(writes.indexOf(1000)).toBe(notWritten)
          }
          check()
          writes.sort()
          const sorted = writes.tuples.slice(0, writes.count)
          expect(sorted).toEqual([...model.keys()].sort((a, b) => a - b))
          for (const [entry, tuple] of sorted.entries())
            expect([writes.starts[entry], writes.ends[entry]]).toEqual(model.get(tuple))
          writes.clear()
          expect(writes.indexOf(steps[0]?.[0] ?? 1)).toBe(notWritten)
        },
      ),
    )
  })

  test.each([24, 25, 130, 5000, 40_000])('of %i writes is sorted', (count) => {
    const writes = new WriteSet()
    const tuples = Array.from({ length: count }, (_, i) => 1 + ((i * 7919) % 65_537) * 16)
    for (const tuple of tuples) writes.set(tuple, tuple + 1, tuple + 2)
    expect(tuples.every((tuple, i) => writes.indexOf(tuple) === i)).toBe(true)
    writes.sort()
    const sorted = tuples.toSorted((a, b) => a - b)
    expect(writes.tuples.slice(0, count)).toEqual(sorted)
    expect(writes.starts.slice(0, count)).toEqual(sorted.map((tuple) => tuple + 1))
    expect(writes.ends.slice(0, count)).toEqual(sorted.map((tuple) => tuple + 2))
    writes.clear()
    expect(tuples.some((tuple) => writes.indexOf(tuple) !== notWritten)).toBe(false)
  })

  test('keeps what is staged when its buffer grows, and gives large buffers back', () => {
    const writes = new WriteSet()
    const small = writes.staging.length
    writes.staging.fill(7, 0, 100)
    writes.set(1, 0, 100)
    while (writes.staging.length < 5 * mebibyte) writes.growStaging()
    expect(writes.staging.subarray(0, 100).every((byte) => byte === 7)).toBe(true)
    expect(writes.stagingWords.buffer).toBe(writes.staging.buffer)
    writes.clear()
    expect(writes.staging.length).toBe(small)
  })
})

describe('a queue of retired objects', () => {
  test('gives back what was pushed, in order, across its blocks', () => {
    const [engine] = makeEngines(1) as [Engine]
    const { retired } = engine.context
    const random = randomOf(3)
    const model: number[] = []
    let pushed = 0
    for (let step = 0; step < 3000; step++) {
      const count = random.below(40)
      if (random.below(step < 1500 ? 3 : 6) < 2) {
        retired.reserve(count)
        for (let i = 0; i < count; i++) {
          pushed++
          retired.push(retiredKind.absent, pushed, BigInt(pushed) << 10n)
          model.push(pushed)
        }
        if (model.length > 0) expect(retired.startsWith(model[0]!)).toBe(true)
      } else {
        for (let i = 0; i < count && model.length > 0; i++) {
          const expected = model.shift()!
          const head = [retired.headKind, retired.headAddress, retired.headStamp]
          expect(head).toEqual([retiredKind.absent, expected, BigInt(expected) << 10n])
          retired.shift()
        }
      }
      expect(retired.length).toBe(model.length)
      expect(retired.isEmpty).toBe(model.length === 0)
    }
    while (!retired.isEmpty) retired.shift()
    expectSound(engine)
  })

  test('needs no memory for pushes that were reserved', () => {
    const [engine] = makeEngines(1) as [Engine]
    const { retired, arena } = engine.context
    for (const count of [1, 2, 254, 255, 256, 1000]) {
      retired.reserve(count)
      const { allocate } = arena
      arena.allocate = () => {
        throw new Error('no memory was reserved')
      }
      for (let i = 0; i < count; i++) retired.push(retiredKind.absent, i + 1, 1n)
      arena.allocate = allocate
      expect(retired.endsWith(count)).toBe(true)
      while (!retired.isEmpty) retired.shift()
    }
  })
})

describe('the directory', () => {
  test('is a hint that is never wrong, through doublings, with other threads entering and forgetting', () => {
    const [engine, other] = makeEngines(2, { limitBytes: 64 * mebibyte }) as [Engine, Engine]
    const session = new Session(engine)
    const second = new Session(other)
    const before = engine.directory.sizeBytes
    const name = (i: number) => `key ${i}`
    for (let i = 0; i < 12_000; i += 8)
      session.run((tx) => {
        for (let j = i; j < i + 8; j++) session.put(tx, name(j), `${j}`)
      })
    expect(engine.directory.sizeBytes).toBeGreaterThan(before * 16)
    for (let i = 0; i < 12_000; i += 3) second.run((tx) => second.delete(tx, name(i)))
    collectAll([engine, other])
    for (let i = 0; i < 12_000; i++)
      expect(second.run((tx) => second.get(tx, name(i)))).toBe(i % 3 === 0 ? undefined : `${i}`)
    expectSound(engine)
  })

  test('finds most keys by one probe', () => {
    const [engine] = makeEngines(1, { limitBytes: 64 * mebibyte }) as [Engine]
    const session = new Session(engine)
    const key = new KeyBuffer()
    for (let i = 0; i < 10_000; i++) session.run((tx) => session.put(tx, `key ${i}`, ''))
    let found = 0
    for (let i = 0; i < 10_000; i++) {
      const bytes = Buffer.from(`key ${i}`)
      key.set(session.table, bytes, 0, bytes.length)
      if (engine.directory.find(key) !== 0) found++
    }
    expect(found).toBeGreaterThan(9500)
  })

  test('grows bit by bit, and finds most keys meanwhile', () => {
    const [engine, other] = makeEngines(2, { limitBytes: 64 * mebibyte }) as [Engine, Engine]
    const sessions = [new Session(engine), new Session(other)]
    const { i32 } = engine.memory
    const state = () => ({ level: i32[header.directoryLevel]!, spread: i32[header.directorySpread]! })
    let before = state()
    let doublings = 0
    let steps = 0
    for (let i = 0; i < 30_000; i++) {
      const session = sessions[i % 2]!
      session.run((tx) => session.put(tx, `key ${i}`, `${i}`))
      const { level, spread } = state()
      if (level > before.level) {
        expect([level, spread]).toEqual([before.level + 1, 0])
        doublings++
      } else if (spread !== before.spread) {
        // Some with the new key, and some if it was looked for where it would have been.
        expect(spread - before.spread).toBeLessThanOrEqual(2 * 64)
        steps++
      }
      before = { level, spread }
      if (i % 1000 !== 999) continue
      const keys = Array.from({ length: i + 1 }, (_, key) => `key ${key}`)
      const found = keys.filter((key) => engine.directory.find(sessions[0]!.fill(key)) !== 0)
      expect(found.length).toBeGreaterThan(0.95 * keys.length)
      before = state()
    }
    expect(doublings).toBeGreaterThan(5)
    expect(steps).toBeGreaterThan(20)
    expectSound(engine)
  })

  test('is spread by those who look for keys, if no more are made', () => {
    const [engine] = makeEngines(1, { limitBytes: 64 * mebibyte }) as [Engine]
    const session = new Session(engine)
    const { i32 } = engine.memory
    let count = 0
    while (i32[header.directoryLevel]! < 11) session.run((tx) => session.put(tx, `key ${count++}`, ''))
    expect(i32[header.directorySpread]).toBe(0)
    for (let i = 0; i < count; i++) expect(session.run((tx) => session.get(tx, `key ${i}`))).toBe('')
    expect(i32[header.directorySpread]).toBe(1 << 10)
  })

  test('may hold anything: what it says is checked', () => {
    const [engine] = makeEngines(1) as [Engine]
    const session = new Session(engine)
    for (let i = 0; i < 200; i++) session.run((tx) => session.put(tx, `key ${i}`, `${i}`))
    const { i32, layout } = engine.memory
    const tuples = engine.context.arena
    const stray = tuples.allocate(blockKind.tuple, 48)
    engine.memory.u64[stray] = 2n
    const random = randomOf(5)
    const end = layout.directoryStart + engine.directory.sizeBytes / 4
    const entries = new Set<number>([stray])
    for (let slot = layout.directoryStart; slot < end; slot += 2)
      if (i32[slot + 1] !== 0) entries.add(i32[slot + 1]!)
    // Every entry leads to some tuple, or a dead one, but to the wrong one.
    for (let slot = layout.directoryStart; slot < end; slot += 2)
      if (i32[slot + 1] !== 0) i32[slot + 1] = random.pick([...entries])
    for (let i = 0; i < 200; i++) {
      expect(session.run((tx) => session.get(tx, `key ${i}`))).toBe(`${i}`)
      session.run((tx) => session.put(tx, `key ${i}`, `new ${i}`))
      expect(session.run((tx) => session.get(tx, `key ${i}`), 'locking')).toBe(`new ${i}`)
    }
    tuples.free(stray)
    collectAll([engine])
    expectSound(engine)
  })
})

describe('the catalog', () => {
  test('has one table of a name, whichever thread asks', () => {
    const [a, b] = makeEngines(2) as [Engine, Engine]
    const names = ['one', 'two', 'ünïcode ✓', '', 'x'.repeat(500)]
    const ids = names.map((name) => a.catalog.open(name, `format of ${name}`).id)
    expect(new Set(ids).size).toBe(names.length)
    expect(names.map((name) => b.catalog.open(name, 'another').id)).toEqual(ids)
    for (const [i, name] of names.entries())
      expect(b.catalog.find(name)).toEqual({ id: ids[i], name, format: `format of ${name}` })
    expect(b.catalog.find('three')).toBeUndefined()
    expect(b.catalog.count).toBe(names.length)
    expectSound(a)
  })

  test('keeps tables apart', () => {
    const [engine] = makeEngines(1) as [Engine]
    const sessions = ['a', 'b', 'c'].map((name) => new Session(engine, name))
    for (const [i, session] of sessions.entries())
      session.run((tx) => session.put(tx, 'key', `of table ${i}`))
    for (const [i, session] of sessions.entries())
      expect(session.run((tx) => session.scan(tx))).toEqual([['key', `of table ${i}`]])
    sessions[1]!.run((tx) => sessions[1]!.delete(tx, 'key'))
    expect(sessions.map((session) => session.run((tx) => session.get(tx, 'key')))).toEqual([
      'of table 0',
      undefined,
      'of table 2',
    ])
    collectAll([engine])
    expectSound(engine)
  })
})
