import { expect, test } from 'vitest'
import { StuckError } from '../../src/memory/errors.js'
import { tableStructureLatch } from '../../src/mvcc/index/node.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, Session } from '../kit/engineKit.js'
import { withHurriedWaits } from '../kit/engineTime.js'

const name = (i: number) => String(i).padStart(4, '0')

/** Runs the body while a thread that does not go on holds the structure latch of the session's table. */
function whileStructureIsLatched(session: Session, holder: number, body: () => void): void {
  const { memory, catalog } = session.engine
  const latch = catalog.wordOf(session.table) + tableStructureLatch
  expect(Atomics.compareExchange(memory.i32, latch, 0, holder)).toBe(0)
  try {
    withHurriedWaits(body)
  } finally {
    Atomics.store(memory.i32, latch, 0)
  }
}

test('a split whose separator cannot be posted, because the structure latch is stuck, is a split', () => {
  const engines = makeEngines(2)
  const [a, b] = engines.map((engine) => new Session(engine)) as [Session, Session]
  const keys = Array.from({ length: 300 }, (_, i) => name((i * 7919) % 300))
  whileStructureIsLatched(a, b.engine.context.site.id, () => {
    for (const key of keys) a.run((tx) => a.put(tx, key, `value of ${key}`))
  })
  expectSound(a.engine, { mayBeUnposted: true })
  const expected = keys.toSorted().map((key) => [key, `value of ${key}`])
  for (const session of [a, b]) {
    expect(session.run((tx) => session.scan(tx))).toEqual(expected)
    for (const [key, value] of expected) expect(session.run((tx) => session.get(tx, key!))).toBe(value)
  }
  for (const key of keys) b.run((tx) => b.delete(tx, key))
  collectAll(engines)
  const { indexes } = expectSound(a.engine, { mayBeUnposted: true })
  expect(indexes[0]?.tuples).toEqual([])
})

test('a removal of a leaf for which the structure latch is stuck is done later', () => {
  const engines = makeEngines(2)
  const [a, b] = engines.map((engine) => new Session(engine)) as [Session, Session]
  for (let i = 0; i < 300; i++) a.run((tx) => a.put(tx, name(i), 'value'))
  for (let i = 0; i < 300; i++) a.run((tx) => a.delete(tx, name(i)))
  whileStructureIsLatched(a, b.engine.context.site.id, () => {
    expect(() => {
      for (let i = 0; i < 4; i++) a.engine.collect()
    }).toThrow(StuckError)
  })
  collectAll(engines)
  expect(expectSound(a.engine).indexes[0]).toMatchObject({ leaves: 1, tuples: [] })
})
