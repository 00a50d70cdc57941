import { describe, expect, test } from 'vitest'
import { retiredKind } from '../../src/mvcc/retired.js'
import { tupleHead } from '../../src/mvcc/tuple.js'
import { versionOlder } from '../../src/mvcc/version.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, Session } from '../kit/engineKit.js'
import { forEachPreemption } from '../kit/enginePreempt.js'
import { orWaits } from '../kit/engineTime.js'

function makeSessions(): [a: Session, b: Session, c: Session] {
  const engines = makeEngines(3)
  return engines.map((engine) => new Session(engine)) as [Session, Session, Session]
}

describe('collection leaves alone what can still be seen', () => {
  test('by a snapshot older than a replaced version', () => {
    const [a, b] = makeSessions()
    a.run((tx) => a.put(tx, 'key', 'first'))
    const snapshot = b.begin()
    for (let i = 0; i < 50; i++) a.run((tx) => a.put(tx, 'key', `version ${i}`))
    a.engine.collect()
    expect(b.get(snapshot, 'key')).toBe('first')
    expect(b.commit(snapshot)).toBeUndefined()
    collectAll([a.engine, b.engine])
    expectSound(a.engine)
  })

  test('by a snapshot older than a delete', () => {
    const [a, b] = makeSessions()
    a.run((tx) => a.put(tx, 'key', 'value'))
    const snapshot = b.begin()
    a.run((tx) => a.delete(tx, 'key'))
    a.engine.collect()
    expect(b.get(snapshot, 'key')).toBe('value')
    expect(b.scan(snapshot)).toEqual([['key', 'value']])
    b.commit(snapshot)
    collectAll([a.engine, b.engine])
    expect(expectSound(a.engine).indexes[0]?.tuples).toEqual([])
  })

  test('by the site itself', () => {
    const [a] = makeSessions()
    a.run((tx) => a.put(tx, 'key', 'first'))
    const snapshot = a.begin()
    a.run((tx) => a.put(tx, 'key', 'second'))
    a.run((tx) => a.delete(tx, 'key'))
    a.engine.collect()
    expect(a.get(snapshot, 'key')).toBe('first')
    a.commit(snapshot)
  })
})

describe('collection frees', () => {
  test('all versions but the newest, once nobody can see them', () => {
    const [a] = makeSessions()
    const { engine } = a
    a.run((tx) => a.put(tx, 'key', 'first'.repeat(100)))
    collectAll([engine])
    const used = engine.usedBytes
    for (let i = 0; i < 1000; i++) a.run((tx) => a.put(tx, 'key', `value${i % 10}`.repeat(100)))
    collectAll([engine])
    expectSound(engine)
    expect(engine.usedBytes - used).toBeLessThan(2 * 4096)
  })

  test('a key made by a transaction that was undone', () => {
    const [a] = makeSessions()
    const tx = a.begin()
    for (let i = 0; i < 200; i++) a.put(tx, `key${i}`, 'value')
    a.engine.abort(tx, 'user')
    collectAll([a.engine])
    expect(expectSound(a.engine).indexes[0]).toMatchObject({ tuples: [], leaves: 1 })
  })

  test('what sites that left have not', () => {
    const [a, b, c] = makeSessions()
    const snapshot = c.begin()
    for (let i = 0; i < 600; i++) b.run((tx) => b.put(tx, `key${i}`, 'value'))
    for (let i = 0; i < 600; i++) b.run((tx) => b.delete(tx, `key${i}`))
    b.engine.leave()
    expect(expectSound(a.engine, { mayBeOpen: true }).indexes[0]?.tuples).toHaveLength(600)
    c.commit(snapshot)
    collectAll([a.engine])
    expect(expectSound(a.engine).indexes[0]).toMatchObject({ tuples: [], leaves: 1 })
  })

  test('nothing of what lies inside of tuples twice', () => {
    const [a] = makeSessions()
    for (let i = 0; i < 300; i++) {
      a.run((tx) => a.put(tx, 'key', 'x'.repeat((i * 7) % 40)))
      if (i % 5 === 0) a.engine.collect()
      if (i % 11 === 0) a.run((tx) => a.delete(tx, 'key'))
      expectSound(a.engine)
    }
  })
})

describe('a key that a transaction has made', () => {
  test('is not looked at again once it is written', () => {
    const [a] = makeSessions()
    a.run((tx) => {
      for (let i = 0; i < 100; i++) a.put(tx, `key ${i}`, 'value')
    })
    const { retired } = a.engine.context
    let checks = 0
    for (; !retired.isEmpty; retired.shift())
      if (retired.headKind === retiredKind.absent && retired.headAddress !== 0) checks++
    expect(checks).toBe(0)
  })

  test.each([1, 1000])('and then deleted goes (%i at once)', (count) => {
    const [a, b] = makeSessions()
    const keys = Array.from({ length: count }, (_, i) => `key ${i}`)
    a.run((tx) => {
      for (const key of keys) a.put(tx, key, 'value')
    })
    b.run((tx) => {
      for (const key of keys) b.delete(tx, key)
    })
    a.run((tx) => {
      for (const key of keys) a.put(tx, `${key}'`, 'value')
      for (const key of keys) a.delete(tx, `${key}'`)
    })
    collectAll([a.engine, b.engine])
    expect(expectSound(a.engine).indexes[0]?.tuples).toEqual([])
  })

  test('and then not written goes', () => {
    const [a] = makeSessions()
    a.run((tx) => {
      a.put(tx, 'written', 'value')
      expect(tx.tuples.find(a.engine.treeOf(a.table), a.fill('made'), 5)).not.toBe(0)
    })
    collectAll([a.engine])
    expect(expectSound(a.engine).indexes[0]?.tuples).toHaveLength(1)
  })
})

test('a chain of versions is cut where nobody walks on', () => {
  const [a, b] = makeSessions()
  for (const value of ['a', 'b', 'c']) a.run((tx) => a.put(tx, 'key', value.repeat(600)))
  const snapshot = b.begin()
  a.run((tx) => a.put(tx, 'key', 'd'.repeat(600)))
  a.engine.collect()
  const { i32 } = a.engine.memory
  const tree = a.engine.treeOf(a.table)
  const tuple = tree.reader.targetOf(tree.contentsOf(tree.firstLeaf()), 0)
  const older = i32[(i32[(tuple << 1) + tupleHead]! << 1) + versionOlder]!
  expect(a.engine.memory.windowOf(older)[a.engine.memory.offsetOf(older) + 24]).toBe('c'.charCodeAt(0))
  b.commit(snapshot)
})

describe('taking an absent key out of the index', () => {
  /** A key that was deleted before anybody now open began. */
  function deleteKey(session: Session): void {
    session.run((tx) => session.put(tx, 'key', 'old'))
    session.run((tx) => session.delete(tx, 'key'))
  }

  test.each(['optimistic', 'locking'] as const)('keeps what an open %s transaction has put there', (mode) => {
    const [a, b] = makeSessions()
    deleteKey(b)
    const tx = a.begin(mode)
    a.put(tx, 'key', 'new')
    b.engine.collect()
    b.engine.collect()
    expect(a.get(tx, 'key')).toBe('new')
    expect(a.scan(tx)).toEqual([['key', 'new']])
    expect(a.insert(tx, 'key', 'again')).toBe(false)
    expect(a.commit(tx)).toBeUndefined()
    expect(b.run((check) => b.get(check, 'key'))).toBe('new')
    collectAll([a.engine, b.engine])
    expectSound(a.engine)
  })

  test('keeps what an open transaction has inserted there', () => {
    const [a, b] = makeSessions()
    deleteKey(b)
    const tx = a.begin()
    expect(a.insert(tx, 'key', 'new')).toBe(true)
    b.engine.collect()
    expect(a.get(tx, 'key')).toBe('new')
    expect(a.commit(tx)).toBeUndefined()
    expect(b.run((check) => b.get(check, 'key'))).toBe('new')
  })

  test('keeps what an open transaction has put there while the key was present', () => {
    const [a, b, c] = makeSessions()
    // The check that c has queued when it made the key is still to come.
    c.run((tx) => c.put(tx, 'key', 'old'))
    const deletion = b.begin()
    const tx = a.begin()
    a.put(tx, 'key', 'new')
    b.delete(deletion, 'key')
    expect(b.commit(deletion)).toBeUndefined()
    for (let i = 0; i < 3; i++) for (const { engine } of [b, c]) engine.collect()
    expect(a.get(tx, 'key')).toBe('new')
    expect(a.scan(tx)).toEqual([['key', 'new']])
    expect(a.commit(tx)).toBeUndefined()
    expect(b.run((check) => b.get(check, 'key'))).toBe('new')
    collectAll([a.engine, b.engine, c.engine])
    expectSound(a.engine)
  })

  test('does not let a writer below a reader make the key anew', () => {
    const all = new Set<string>()
    const points = forEachPreemption((preemptHere) => {
      const seen = new Set<string>()
      const [a, b, c] = makeSessions()
      deleteKey(b)
      const writer = a.begin()
      const reader = c.begin()
      const read = () => c.get(reader, 'key')
      preemptHere(
        () => b.engine.collect(),
        () => seen.add(String(orWaits(read))),
      )
      if (!seen.has('undefined')) expect(read()).toBeUndefined()
      a.put(writer, 'key', 'new')
      expect(a.commit(writer) ?? 'committed below its reader').toMatch(/^(range|conflict)$/)
      expect(c.commit(reader)).toBeUndefined()
      for (const each of seen) all.add(each)
    })
    expect(points).toBeGreaterThan(10)
    expect(all).toContain('undefined')
  })
})
