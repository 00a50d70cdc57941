import { describe, expect, test } from 'vitest'
import type { Engine } from '../../src/mvcc/engine.js'
import { tupleHead } from '../../src/mvcc/tuple.js'
import { versionOlder } from '../../src/mvcc/version.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, reasonOf, Session } from '../kit/engineKit.js'
import { orWaits } from '../kit/engineTime.js'

function makeSessions(): [a: Session, b: Session, c: Session] {
  const engines = makeEngines(3)
  return engines.map((engine) => new Session(engine)) as [Session, Session, Session]
}

/** Calls `hook` once, right before the engine's next call of a method of its retired queue. */
function beforeNext(engine: Engine, method: 'reserve' | 'push', hook: () => void): void {
  const { retired } = engine.context
  const original = retired[method]
  retired[method] = (...values: never[]) => {
    retired[method] = original
    hook()
    Reflect.apply(original, retired, values)
  }
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

  test('does not let a writer below a reader make the key anew', () => {
    const [a, b, c] = makeSessions()
    deleteKey(b)
    const writer = a.begin()
    const reader = c.begin()
    let seen: string | undefined = 'nothing read'
    // The collector has taken the tuple and not yet said that it is dead.
    beforeNext(b.engine, 'reserve', () => {
      seen = orWaits(() => c.get(reader, 'key'))
    })
    const before = b.engine.tupleCount
    b.engine.collect()
    expect(b.engine.tupleCount).toBe(before - 1)
    expect([undefined, 'waits']).toContain(seen)
    if (seen === 'waits') expect(c.get(reader, 'key')).toBeUndefined()
    const reason = reasonOf(() => {
      a.put(writer, 'key', 'new')
      return a.commit(writer)
    })
    expect(reason === undefined ? 'committed below its reader' : reason).toBe('range')
    expect(c.commit(reader)).toBeUndefined()
  })
})

describe('taking an empty leaf out of the index', () => {
  const name = (i: number) => String(i).padStart(4, '0')
  const emptied = Array.from({ length: 64 }, (_, i) => name(64 + i))
  const range = { gte: emptied[0]!, lte: emptied.at(-1)! }

  /** Calls the hook before the index next publishes contents while it removes a leaf. */
  function beforeUnlinking(session: Session, hook: () => void): void {
    const { restructure } = session.engine.treeOf(session.table)
    const { publish, removeEmptyLeaf } = restructure
    restructure.removeEmptyLeaf = (leaf) => {
      restructure.publish = (node, block) => {
        restructure.publish = publish
        restructure.removeEmptyLeaf = removeEmptyLeaf
        hook()
        publish.call(restructure, node, block)
      }
      return removeEmptyLeaf.call(restructure, leaf)
    }
  }

  test('leaves it to a transaction in locking mode that holds it', () => {
    const [a, b, c] = makeSessions()
    for (let i = 0; i < 300; i++) b.run((tx) => b.put(tx, name(i), 'value'))
    for (const key of emptied) b.run((tx) => b.delete(tx, key))
    const locker = a.begin('locking')
    let isReached = false
    // Between the look whether the leaf is held, and its removal.
    beforeUnlinking(b, () => {
      isReached = true
      expect(['waits', []]).toContainEqual(orWaits(() => a.scan(locker, range)))
    })
    for (let i = 0; i < 4; i++) b.engine.collect()
    expect(isReached).toBe(true)
    expect(a.scan(locker, range)).toEqual([])
    const reason = reasonOf(() => {
      const tx = c.begin()
      c.put(tx, emptied[30]!, 'phantom')
      return c.commit(tx)
    })
    expect(a.scan(locker, range)).toEqual([])
    expect(reason === undefined ? 'committed into a held range' : reason).toBe('locked')
    expect(a.commit(locker)).toBeUndefined()
    collectAll([a.engine, b.engine, c.engine])
    expectSound(a.engine)
  })

  test('keeps it protected for those that have read it', () => {
    const [a, b, c] = makeSessions()
    for (let i = 0; i < 300; i++) b.run((tx) => b.put(tx, name(i), 'value'))
    for (const key of emptied) b.run((tx) => b.delete(tx, key))
    const writer = c.begin()
    const reader = a.begin()
    let isReached = false
    beforeUnlinking(b, () => {
      isReached = true
      expect(['waits', []]).toContainEqual(orWaits(() => a.scan(reader, range)))
    })
    for (let i = 0; i < 4 && !isReached; i++) b.engine.collect()
    c.put(writer, emptied[30]!, 'phantom')
    expect(a.scan(reader, range)).toEqual([])
    expect(c.commit(writer)).toBe('range')
    expect(a.commit(reader)).toBeUndefined()
    collectAll([a.engine, b.engine, c.engine])
    expectSound(a.engine)
  })
})
