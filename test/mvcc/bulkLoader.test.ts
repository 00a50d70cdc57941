import { expect, test } from 'vitest'
import { MemoryFullError } from '../../src/memory/errors.js'
import { BulkLoader } from '../../src/mvcc/bulkLoader.js'
import type { Engine } from '../../src/mvcc/engine.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, mebibyte, Session } from '../kit/engineKit.js'
import { makeRandom, type Random } from '../kit/engineRandom.js'

const factor = Number(process.env['TIDEMARK_TEST_FACTOR'] ?? 1)

/** A value, or undefined for a removal. */
type Change = readonly [table: number, key: string, value: string | undefined]

/** Loads the changes as recovery does: each where it happens to lie in a buffer. */
function load(engine: Engine, changes: Iterable<Change>, random?: Random): void {
  const loader = new BulkLoader(engine)
  for (const [table, key, value] of changes) {
    const keyStart = random?.below(9) ?? 0
    const valueStart = keyStart + key.length
    const valueEnd = valueStart + (value ?? '').length
    const whole = Buffer.alloc(valueEnd + (random?.below(9) ?? 0) + 4)
    const bytes = whole.subarray(random?.below(4) ?? 0)
    bytes.write(key + (value ?? ''), keyStart, 'latin1')
    const isRemoved = value === undefined
    loader.apply(bytes, { table, keyStart, keyEnd: valueStart, valueStart, valueEnd, isRemoved })
  }
  for (const _ of loader.finish()) continue
}

function expectContents(session: Session, model: ReadonlyMap<string, string>): void {
  const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1))
  expect(session.run((tx) => session.scan(tx))).toEqual(expected)
  session.run((tx) => {
    for (const [key, value] of expected) expect(session.get(tx, key)).toBe(value)
  })
}

/** What is loaded is a store like any other: it goes on with transactions. */
function useOn(session: Session, model: Map<string, string>, random: Random): void {
  const keys = [...model.keys()]
  for (let i = 0; i < 300; i++) {
    const key =
      random.below(2) === 0 && keys.length > 0 ? random.pick(keys) : random.bytes(1 + random.below(6))
    const value = random.below(3) === 0 ? undefined : random.bytes(random.below(300))
    session.run((tx) => (value === undefined ? session.delete(tx, key) : session.put(tx, key, value)))
    if (value === undefined) model.delete(key)
    else model.set(key, value)
  }
  expectContents(session, model)
}

function valueOf(random: Random): string {
  const shape = random.below(20)
  return random.bytes(
    shape === 0 ? 400 + random.below(400) : shape < 4 ? 200 + random.below(100) : random.below(40),
  )
}

test('random changes of several tables, in order or not, end as a model of them does', () => {
  const random = makeRandom()
  for (let round = 0; round < 40 * factor; round++) {
    const [engine] = makeEngines(1) as [Engine]
    const sessions = ['a', 'b', 'c'].map((name) => new Session(engine, name))
    const models = sessions.map(() => new Map<string, string>())
    const changes: Change[] = []
    const keyCount = 1 + random.below(600)
    const pool = Array.from({ length: keyCount }, () => random.bytes(random.below(10)))
    const isOrdered = random.below(2) === 0
    if (isOrdered) pool.sort()
    for (let i = 0; i < 2 * keyCount; i++) {
      const at = random.below(3)
      const key = isOrdered && i < keyCount ? pool[i]! : random.pick(pool)
      const value = random.below(5) === 0 ? undefined : valueOf(random)
      changes.push([sessions[at]!.table, key, value])
      if (value === undefined) models[at]!.delete(key)
      else models[at]!.set(key, value)
    }
    load(engine, changes, random)
    expectSound(engine)
    for (const [at, session] of sessions.entries()) expectContents(session, models[at]!)
    for (const [at, session] of sessions.entries()) useOn(session, models[at]!, random)
    collectAll([engine])
    expectSound(engine)
  }
})

test.each([0, 1, 63, 64, 65, 128, 129, 64 * 64, 64 * 64 + 1, 64 * 64 * 3 + 17])(
  'an index over %i keys has full leaves and every level that it needs',
  (count) => {
    const [engine] = makeEngines(1) as [Engine]
    const session = new Session(engine)
    const keys = Array.from({ length: count }, (_, i) => `key${String(i).padStart(6, '0')}`)
    load(
      engine,
      keys.map((key) => [session.table, key, 'value']),
    )
    const { indexes } = expectSound(engine)
    expect(indexes[0]!.tuples).toHaveLength(count)
    expect(indexes[0]!.leaves).toBe(Math.max(1, Math.ceil(count / 64)))
    expect(indexes[0]!.levels).toBe(count <= 64 ? 1 : count <= 64 * 64 ? 2 : 3)
    expect(session.run((tx) => session.scan(tx)).map(([key]) => key)).toEqual(keys)
    expect(session.run((tx) => session.scan(tx, { reverse: true, limit: 3 })).map(([key]) => key)).toEqual(
      keys.slice(-3).reverse(),
    )
    session.run((tx) => session.put(tx, 'key0000005', 'between'))
    expect(session.run((tx) => session.get(tx, 'key0000005'))).toBe('between')
    expectSound(engine)
  },
)

test('keys that share long beginnings come into their order', () => {
  const random = makeRandom()
  const [engine] = makeEngines(1) as [Engine]
  const session = new Session(engine)
  const model = new Map<string, string>()
  for (let i = 0; i < 3000; i++) {
    const key =
      'a'.repeat(random.below(20)) + String.fromCharCode(97 + random.below(2)).repeat(random.below(20))
    model.set(key, `${i}`)
  }
  load(
    engine,
    [...model].map(([key, value]) => [session.table, key, value]),
  )
  expectSound(engine)
  expectContents(session, model)
})

test('what is loaded is there for transactions of sites that were there before and come later', () => {
  const [loading, other] = makeEngines(2) as [Engine, Engine]
  const session = new Session(loading)
  load(loading, [
    [session.table, 'a', '1'],
    [session.table, 'b', '2'],
    [session.table, 'a', undefined],
  ])
  const [later] = makeEngines(1, { memory: loading.memory }) as [Engine]
  for (const engine of [loading, other, later]) {
    const each = new Session(engine)
    expect(each.run((tx) => each.scan(tx))).toEqual([['b', '2']])
  }
})

test('a value that is written over again and again takes no more memory', () => {
  const [engine] = makeEngines(1, { limitBytes: 4 * mebibyte }) as [Engine]
  const session = new Session(engine)
  function* changes(): Iterable<Change> {
    for (let i = 0; i < 20_000; i++)
      yield [session.table, `${i % 7}`, i % 11 === 0 ? undefined : 'x'.repeat(i % 2000)]
  }
  load(engine, changes())
  expectSound(engine)
  expect(session.run((tx) => session.get(tx, `${19_999 % 7}`))).toBe('x'.repeat(1999))
})

test('keys that came and went take no memory', () => {
  const [engine] = makeEngines(1, { limitBytes: 4 * mebibyte }) as [Engine]
  const session = new Session(engine)
  const last = 200_000
  function* changes(): Iterable<Change> {
    for (let i = 0; i <= last; i++) {
      yield [session.table, keyOf(i), 'x'.repeat(100)]
      if (i >= 10) yield [session.table, keyOf(i - 10), undefined]
    }
    yield [session.table, keyOf(last), undefined]
    yield [session.table, keyOf(5), 'again']
  }
  const keyOf = (i: number) => String(i).padStart(8, '0')
  load(engine, changes())
  const { liveBytes } = expectSound(engine)
  expect(liveBytes).toBeLessThan(mebibyte)
  const left = session.run((tx) => session.scan(tx)).map(([key]) => key)
  expect(left).toEqual([keyOf(5), ...Array.from({ length: 9 }, (_, i) => keyOf(last - 9 + i))])
})

test('where memory is short, what removed keys have left is used', () => {
  const [engine] = makeEngines(1, { limitBytes: 4 * mebibyte }) as [Engine]
  const session = new Session(engine)
  function* changes(): Iterable<Change> {
    for (let i = 0; i < 1000; i++) yield [session.table, `a${i}`, 'x'.repeat(500)]
    // Their values are in blocks of their own, of which the index will be made.
    for (let i = 0; i < 200; i++) yield [session.table, `c${i}`, 'x'.repeat(i < 10 ? 2000 : 600)]
    for (let i = 0; i < 200; i++) yield [session.table, `c${i}`, undefined]
    for (let i = 0; i < 800; i++) yield [session.table, `a${i}`, undefined]
    for (let i = 0; i < 5400; i++) yield [session.table, `b${i}`, 'x'.repeat(500)]
  }
  load(engine, changes())
  expectSound(engine)
  expect(session.run((tx) => session.scan(tx))).toHaveLength(5600)
})

test('says so when the store does not fit into memory', () => {
  const [engine] = makeEngines(1, { limitBytes: 4 * mebibyte }) as [Engine]
  const session = new Session(engine)
  function* changes(): Iterable<Change> {
    for (let i = 0; i < 100_000; i++) yield [session.table, String(i).padStart(8, '0'), 'x'.repeat(100)]
  }
  expect(() => load(engine, changes())).toThrow(MemoryFullError)
})
