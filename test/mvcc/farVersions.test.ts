import { expect, test } from 'vitest'
import { tupleHead } from '../../src/mvcc/tuple.js'
import { versionOlder } from '../../src/mvcc/version.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, Session } from '../kit/engineKit.js'

function makeSessions(): [a: Session, b: Session] {
  const engines = makeEngines(2)
  return engines.map((engine) => new Session(engine)) as [Session, Session]
}

test('a key that others write all the time is not walked down at each read', () => {
  const [a, b] = makeSessions()
  a.run((tx) => a.put(tx, 'key', 'first'))
  const reader = b.begin()
  for (let i = 0; i < 100; i++) a.run((tx) => a.put(tx, 'key', `version ${i}`))
  expect(b.get(reader, 'key')).toBe('first')
  const { i32 } = b.engine.memory
  const tuple = b.engine.directory.find(b.fill('key'))
  const link = (i32[(tuple << 1) + tupleHead]! << 1) + versionOlder
  const older = i32[link]!
  i32[link] = 0
  expect(b.get(reader, 'key')).toBe('first')
  i32[link] = older
  expect(b.commit(reader)).toBeUndefined()
  // The next transaction, which has the same object, sees what is there now.
  expect(b.run((tx) => b.get(tx, 'key'))).toBe('version 99')
})

test.each(['held', 'not held'])('what a transaction sees below many newer versions stays (%s)', (kind) => {
  const [a, b] = makeSessions()
  const keys = Array.from({ length: 60 }, (_, i) => `key ${i}`)
  a.run((tx) => {
    for (const key of keys) a.put(tx, key, `first of ${key}`)
  })
  a.run((tx) => {
    for (const key of keys.slice(0, 10)) a.delete(tx, key)
  })
  const reader = kind === 'held' ? b.hold() : b.begin()
  const seen = new Map(a.run((tx) => a.scan(tx)))
  for (let round = 0; round < 120; round++) {
    // Key i is written every i + 1 rounds, and deleted in between.
    for (const [i, key] of keys.entries()) {
      if (round % (i + 1) !== 0) continue
      a.run((tx) => (round % 3 === 1 ? a.delete(tx, key) : a.put(tx, key, `round ${round}`)))
    }
    if (round % 10 !== 0) continue
    a.engine.collect()
    for (const key of keys) expect(b.get(reader, key)).toBe(seen.get(key))
    expect(new Map(b.scan(reader))).toEqual(seen)
  }
  expect(b.commit(reader)).toBeUndefined()
  expect(b.run((tx) => b.scan(tx))).toEqual(a.run((tx) => a.scan(tx)))
  collectAll([a.engine, b.engine])
  expectSound(a.engine)
})
