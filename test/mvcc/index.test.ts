import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../src/mvcc/engine.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, type ScanRange, Session } from '../kit/engineKit.js'
import { makeRandom, type Random } from '../kit/engineRandom.js'

/** What a scan of a sorted array gives. */
function expected(model: ReadonlyMap<string, string>, range: ScanRange): [string, string][] {
  const within = [...model]
    .filter(([key]) => range.gt === undefined || key > range.gt)
    .filter(([key]) => range.gte === undefined || key >= range.gte)
    .filter(([key]) => range.lt === undefined || key < range.lt)
    .filter(([key]) => range.lte === undefined || key <= range.lte)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  if (range.reverse === true) within.reverse()
  return within.slice(0, range.limit)
}

const shapes: Readonly<Record<string, (random: Random, i: number) => string>> = {
  ascending: (_, i) => String(i).padStart(6, '0'),
  descending: (_, i) => String(999_999 - i).padStart(6, '0'),
  random: (random) => random.bytes(1 + random.below(12)),
  'with a long common prefix': (random) => 'prefix '.repeat(20) + random.bytes(1 + random.below(3)),
  'that are each a prefix of the next': (random) => '\0'.repeat(random.below(300)),
  'up to the longest': (random) => random.bytes(1).repeat(1 + random.below(2046)),
  'of the extreme bytes only': (random) =>
    Array.from({ length: 1 + random.below(9) }, () => random.pick(['\0', '\x7f', '\x80', '\xff'])).join(''),
}

/** Does `count` random changes, from two sites, and keeps the model. */
function churn(sessions: readonly Session[], random: Random, makeKey: (i: number) => string, count: number) {
  const model = new Map<string, string>()
  const present: string[] = []
  for (let i = 0; i < count; i++) {
    const session = sessions[random.below(sessions.length)]!
    const isRemoval = present.length > 0 && random.below(1000) < (i < count / 2 ? 250 : 650)
    session.run((tx) => {
      if (isRemoval) {
        const at = random.below(present.length)
        const key = present[at]!
        present[at] = present[present.length - 1]!
        present.pop()
        session.delete(tx, key)
        model.delete(key)
        return
      }
      const key = makeKey(i)
      const value = `${i}`.repeat(random.below(9))
      session.put(tx, key, value)
      if (!model.has(key)) present.push(key)
      model.set(key, value)
    })
    if (random.below(200) === 0) session.engine.collect()
  }
  return model
}

describe('an index of keys', () => {
  test.each(Object.entries(shapes))('%s holds what a sorted array holds', (_, makeKey) => {
    const random = makeRandom()
    const engines = makeEngines(2, { limitBytes: 64 * 1024 * 1024 })
    const sessions = engines.map((engine) => new Session(engine))
    const model = churn(sessions, random, (i) => makeKey(random, i), 4000)
    const [session] = sessions as [Session, Session]
    for (const reverse of [false, true])
      expect(session.run((tx) => session.scan(tx, { reverse }))).toEqual(expected(model, { reverse }))
    for (const [key, value] of [...model].slice(0, 300))
      expect(session.run((tx) => session.get(tx, key))).toBe(value)
    collectAll(engines)
    const { indexes } = expectSound(session.engine)
    expect(indexes[0]?.tuples).toHaveLength(model.size)
    emptyOut(engines, sessions[1]!, model)
  })

  test.each(['the left', 'the right', 'all over'])(
    'three levels deep, emptied from %s, shrinks to one leaf',
    (order) => {
      const engines = makeEngines(1, { limitBytes: 64 * 1024 * 1024 })
      const session = new Session(engines[0]!)
      const keys = Array.from({ length: 6000 }, (_, i) => String((i * 7919) % 6000).padStart(5, '0'))
      for (const key of keys) session.run((tx) => session.put(tx, key, ''))
      expect(expectSound(session.engine).indexes[0]?.levels).toBe(3)
      if (order !== 'all over') keys.sort()
      if (order === 'the right') keys.reverse()
      for (const [i, key] of keys.entries()) {
        session.run((tx) => session.delete(tx, key))
        if (i % 1000 === 0) expectSound(session.engine)
      }
      collectAll(engines)
      expect(expectSound(session.engine).indexes[0]).toMatchObject({ leaves: 1, tuples: [] })
    },
  )

  test('four levels deep, emptied all over, shrinks to one leaf', () => {
    const engines = makeEngines(1, { limitBytes: 256 * 1024 * 1024 })
    const session = new Session(engines[0]!)
    // Descending keys leave nodes half full.
    const keys = Array.from({ length: 72_000 }, (_, i) => String(99_999 - i))
    for (let i = 0; i < keys.length; i += 100)
      session.run((tx) => {
        for (const key of keys.slice(i, i + 100)) session.put(tx, key, '')
      })
    expect(expectSound(session.engine).indexes[0]?.levels).toBe(4)
    // Leaf by leaf, in an order of chance.
    const runs = Array.from({ length: 720 }, (_, i) => keys.slice(i * 100, i * 100 + 100))
    for (let i = 0; i < runs.length; i++) {
      const run = runs[(i * 151) % runs.length]!
      session.run((tx) => {
        for (const key of run) session.delete(tx, key)
      })
      session.engine.collect()
      if (i % 120 === 60) expectSound(session.engine)
    }
    collectAll(engines)
    expect(expectSound(session.engine).indexes[0]).toMatchObject({ leaves: 1, tuples: [] })
  })

  test('three levels deep keeps its structure while leaves come and go everywhere', () => {
    const random = makeRandom()
    const engines = makeEngines(2, { limitBytes: 64 * 1024 * 1024 })
    const sessions = engines.map((engine) => new Session(engine))
    const [session] = sessions as [Session, Session]
    const model = new Map<string, string>()
    const name = (i: number) => String(i).padStart(5, '0')
    for (let round = 0; round < 30; round++) {
      const from = random.below(6000)
      const isRemoval = round % 3 === 2
      for (let i = from; i < from + (isRemoval ? 1500 : 1000); i++) {
        const key = name(i % 6000)
        session.run((tx) => (isRemoval ? session.delete(tx, key) : session.put(tx, key, `${round}`)))
        if (isRemoval) model.delete(key)
        else model.set(key, `${round}`)
      }
      collectAll(engines)
      expectSound(session.engine)
    }
    expect(session.run((tx) => session.scan(tx))).toEqual(expected(model, {}))
    emptyOut(engines, sessions[1]!, model)
  })
})

function emptyOut(engines: Engine[], session: Session, model: ReadonlyMap<string, string>): void {
  for (const key of model.keys()) session.run((tx) => session.delete(tx, key))
  collectAll(engines)
  const { indexes } = expectSound(session.engine)
  expect(indexes[0]).toMatchObject({ leaves: 1, tuples: [] })
  expect(session.run((tx) => session.scan(tx))).toEqual([])
}

describe('a scan', () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', '\xff', '\0'), minLength: 1, maxLength: 5 })
  const bound = fc.option(fc.tuple(fc.boolean(), key), { nil: undefined })
  const range = fc
    .record({
      lower: bound,
      upper: bound,
      reverse: fc.boolean(),
      limit: fc.option(fc.nat(9), { nil: undefined }),
    })
    .map(({ lower, upper, reverse, limit }): ScanRange => {
      const from = lower === undefined ? {} : { [lower[0] ? 'gt' : 'gte']: lower[1] }
      const to = upper === undefined ? {} : { [upper[0] ? 'lt' : 'lte']: upper[1] }
      return { ...from, ...to, reverse, ...(limit === undefined ? {} : { limit }) }
    })

  test('of any bounds, either way, gives what is between them, own writes included', () => {
    const [engine] = makeEngines(1) as [Engine]
    let table = 0
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 300, size: 'max' }),
        fc.array(key, { maxLength: 20 }),
        fc.array(key, { maxLength: 20 }),
        fc.array(range, { minLength: 1, maxLength: 20 }),
        (keys, changed, removed, ranges) => {
          const session = new Session(engine, `table ${table++ % 4}`)
          session.run((tx) => {
            for (const [old] of session.scan(tx)) session.delete(tx, old)
            for (const each of keys) session.put(tx, each, `value of ${each}`)
          })
          const model = new Map(keys.map((each) => [each, `value of ${each}`]))
          const tx = session.begin()
          for (const each of changed) {
            session.put(tx, each, 'changed')
            model.set(each, 'changed')
          }
          for (const each of removed) {
            session.delete(tx, each)
            model.delete(each)
          }
          for (const each of ranges) expect(session.scan(tx, each)).toEqual(expected(model, each))
          expect(session.commit(tx)).toBeUndefined()
        },
      ),
      { numRuns: 150 },
    )
    collectAll([engine])
    expectSound(engine)
  })

  test('sees one state while others insert, delete, split and remove leaves under it', () => {
    const [a, b] = makeEngines(2) as [Engine, Engine]
    const reader = new Session(a)
    const writer = new Session(b)
    const name = (i: number) => String(i).padStart(4, '0')
    for (let i = 0; i < 1000; i += 2) writer.run((tx) => writer.put(tx, name(i), 'old'))
    const before = reader.run((tx) => reader.scan(tx))
    for (const reverse of [false, true]) {
      const tx = reader.begin()
      const seen: [string, string][] = []
      for (let from: string | undefined; ; ) {
        const side = reverse ? { lt: from } : { gt: from }
        const part = reader.scan(tx, { ...(from === undefined ? {} : side), reverse, limit: 37 } as ScanRange)
        seen.push(...part)
        if (part.length === 0) break
        from = part.at(-1)![0]
        for (let i = 0; i < 30; i++) {
          const at = (seen.length * 31 + i * 17) % 1000
          writer.run((w) => (at % 2 === 0 ? writer.delete(w, name(at)) : writer.put(w, name(at), 'new')))
        }
        b.collect()
      }
      expect(reverse ? seen.reverse() : seen).toEqual(before)
      expect(reader.commit(tx)).toBeUndefined()
      writer.run((w) => {
        for (let i = 0; i < 1000; i += 2) {
          writer.put(w, name(i), 'old')
          writer.delete(w, name(i + 1))
        }
      })
    }
    collectAll([a, b])
    expectSound(a)
  })
})
