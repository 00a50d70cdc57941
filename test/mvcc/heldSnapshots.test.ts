import { describe, expect, test } from 'vitest'
import { tupleHead } from '../../src/mvcc/tuple.js'
import { lengthUnlinked, versionLength, versionOlder } from '../../src/mvcc/version.js'
import { heldLimit } from '../../src/tid/siteTable.js'
import { expectSound } from '../kit/engineAudit.js'
import { long, makeChain, makeSessions, trimAndReuse, update } from '../kit/engineHeld.js'
import { collectAll, type Session } from '../kit/engineKit.js'
import { forEachPreemption } from '../kit/enginePreempt.js'
import { orWaits } from '../kit/engineTime.js'

describe('beside a held snapshot', () => {
  test('memory stays flat, whoever updates and collects, and it sees what it saw', () => {
    const [a, b, c] = makeSessions()
    const engines = [a, b, c].map(({ engine }) => engine)
    for (let key = 0; key < 20; key++) update(a, `key${key}`, long('first'))
    const held = c.hold()
    const rounds = Array.from({ length: 6 }, (_, round) => {
      for (let i = 0; i < 2000; i++)
        update([a, b][i % 2]!, `key${Math.min(i % 20, i % 7)}`, long(`${round}.${i}`))
      for (const engine of engines) engine.collect()
      expectSound(a.engine, { mayBeOpen: true })
      return a.engine.usedBytes
    })
    expect(Math.max(...rounds.slice(1)) - rounds[0]!).toBeLessThan(8 * 4096)
    // What it sees of each key that was updated, and little more.
    expect(a.engine.keptCount).toBeLessThan(40)
    for (let key = 0; key < 20; key++) expect(c.get(held, `key${key}`)).toBe(long('first'))
    expect(c.scan(held).every(([, value]) => value === long('first'))).toBe(true)
    expect(c.commit(held)).toBeUndefined()
    collectAll(engines)
    expect(a.engine.keptCount).toBe(0)
    expectSound(a.engine)
  })

  test('others that are held later, and let go in any order, see theirs, and only that is kept', () => {
    const [a, b, c] = makeSessions()
    const engines = [a, b, c].map(({ engine }) => engine)
    const held = Array.from({ length: 12 }, (_, i) => {
      for (let j = 0; j < 10; j++) update(a, 'key', long(j < 9 ? `${i}.${j}` : i))
      return { session: [b, c][i % 2]!, tx: [b, c][i % 2]!.hold(), seen: long(i) }
    })
    update(a, 'key', long('last'))
    while (held.length > 0) {
      for (let i = 0; i < 3; i++) for (const engine of engines) engine.collect()
      expect(a.engine.keptCount).toBeLessThanOrEqual(held.length)
      expectSound(a.engine, { mayBeOpen: true })
      for (const { session, tx, seen } of held) expect(session.get(tx, 'key')).toBe(seen)
      const [{ session, tx }] = held.splice((held.length * 7) % held.length, 1) as [(typeof held)[0]]
      expect(session.commit(tx)).toBeUndefined()
    }
    collectAll(engines)
    expectSound(a.engine)
  })

  test('an open transaction that is not held keeps what it can see', () => {
    const [a, b, c] = makeSessions()
    update(a, 'key', long('first'))
    const held = c.hold()
    update(a, 'key', long('nobody sees this'))
    update(a, 'key', long('second'))
    const open = b.begin()
    for (let i = 0; i < 300; i++) update(a, 'key', long(i))
    a.engine.collect()
    expect(b.get(open, 'key')).toBe(long('second'))
    expect(c.get(held, 'key')).toBe(long('first'))
    expect(b.commit(open)).toBeUndefined()
    expect(c.commit(held)).toBeUndefined()
    collectAll([a.engine, b.engine, c.engine])
    expectSound(a.engine)
  })

  test('what was freed before it, and is used for other keys, is left alone', () => {
    const [a, b, c] = makeSessions()
    for (let i = 0; i < 10; i++) update(a, 'key', long(i))
    a.engine.collect()
    for (let i = 0; i < 20; i++) update(a, `other${i % 10}`, long(`other${i % 10}`))
    const held = c.hold()
    for (let i = 0; i < 10; i++) update(b, 'key', long(`second ${i}`))
    b.engine.collect()
    for (let i = 0; i < 10; i++) {
      expect(a.run((tx) => a.get(tx, `other${i}`))).toBe(long(`other${i}`))
      expect(c.get(held, `other${i}`)).toBe(long(`other${i}`))
    }
    expect(c.get(held, 'key')).toBe(long(9))
    expect(c.commit(held)).toBeUndefined()
    collectAll([a.engine, b.engine, c.engine])
    expectSound(a.engine)
  })

  test('keys come and go, and it sees those that were there', () => {
    const [a, b, c] = makeSessions()
    for (let i = 0; i < 200; i++) update(a, `old${i}`, long(i))
    const held = c.hold()
    const before = c.scan(held)
    for (let i = 0; i < 200; i++) {
      update(b, `new${i}`, long(i))
      a.run((tx) => a.delete(tx, `old${i}`))
      if (i % 20 === 0) b.run((tx) => b.delete(tx, `new${i}`))
      if (i % 50 === 0) for (const { engine } of [a, b]) engine.collect()
    }
    expect(c.scan(held)).toEqual(before)
    expect(c.scan(held, { reverse: true })).toEqual(before.toReversed())
    expectSound(a.engine, { mayBeOpen: true })
    expect(c.commit(held)).toBeUndefined()
    collectAll([a.engine, b.engine, c.engine])
    expect(expectSound(a.engine).indexes[0]?.tuples).toHaveLength(190)
  })
})

test('more held snapshots than a site can tell of keep everything, and are right', () => {
  const [a, b] = makeSessions()
  update(a, 'key', 'first')
  const held = Array.from({ length: heldLimit + 3 }, () => b.hold())
  expect(held.filter(({ isHeld }) => isHeld)).toHaveLength(heldLimit)
  for (let i = 0; i < 100; i++) update(a, 'key', `${i}`)
  a.engine.collect()
  for (const tx of held) {
    expect(b.get(tx, 'key')).toBe('first')
    expect(b.commit(tx)).toBeUndefined()
  }
  expect(b.engine.context.site.openCount).toBe(0)
  expect(b.hold().isHeld).toBe(true)
})

test('a long scan of a snapshot is held from some leaf on', () => {
  const [a, b] = makeSessions()
  const name = (i: number) => String(i).padStart(5, '0')
  a.run((tx) => {
    for (let i = 0; i < 9000; i++) a.put(tx, name(i), 'old')
  })
  const tx = b.begin()
  tx.mayHold = true
  expect(b.scan(tx)).toHaveLength(9000)
  expect(tx.isHeld).toBe(true)
  update(a, name(3), 'new')
  expect(b.scan(tx, { lt: name(5) }).map(([, value]) => value)).toEqual(Array(5).fill('old'))
  expect(b.commit(tx)).toBeUndefined()
  const transaction = b.begin()
  expect(b.scan(transaction)).toHaveLength(9000)
  expect(transaction.isHeld).toBe(false)
  b.engine.abort(transaction, 'user')
})

test('a version that a walk stands on stays, and what it leads to, until the walk ends', () => {
  const [a, b, c] = makeSessions()
  const { i32 } = a.engine.memory
  const { site } = c.engine.context
  const textOf = (version: number) =>
    a.engine.memory
      .windowOf(version)
      .toString('latin1', a.engine.memory.offsetOf(version) + 24)
      .slice(0, 600)
  for (const value of ['zero', 'first']) update(a, 'key', long(value))
  const held = c.hold()
  for (const value of ['second', 'third', 'fourth']) update(a, 'key', long(value))
  const tree = a.engine.treeOf(a.table)
  const tuple = tree.reader.targetOf(tree.contentsOf(tree.firstLeaf()), 0)
  site.beginWalk()
  const head = i32[(tuple << 1) + tupleHead]!
  const on = i32[(head << 1) + versionOlder]!
  expect([textOf(head), textOf(on)]).toEqual([long('fourth'), long('third')])
  trimAndReuse(a, b)
  expect([textOf(head), textOf(on)]).toEqual([long('fourth'), long('third')])
  let version = on
  while (a.engine.memory.u64[version]! >= held.stamp) version = i32[(version << 1) + versionOlder]!
  expect(textOf(version)).toBe(long('first'))
  expect(i32[(on << 1) + versionLength]).toBe(lengthUnlinked)
  site.endWalk()
  const before = a.engine.usedBytes
  a.engine.collect()
  expect(a.engine.usedBytes).toBeLessThan(before)
  expect(c.get(held, 'key')).toBe(long('first'))
  expect(c.commit(held)).toBeUndefined()
  collectAll([a.engine, b.engine, c.engine])
  expectSound(a.engine)
})

describe('preempted before any atomic operation by updates and collections,', () => {
  test.each([
    ['a read', (session: Session, tx: ReturnType<Session['hold']>) => session.get(tx, 'key')],
    ['a scan', (session: Session, tx: ReturnType<Session['hold']>) => session.scan(tx)[0]?.[1]],
  ])('%s of a held snapshot sees its version', (_, read) => {
    const points = forEachPreemption((preemptHere) => {
      const [a, b, c] = makeChain()
      const held = c.hold()
      for (let i = 0; i < 3; i++) update(a, 'key', long(`second ${i}`))
      preemptHere(
        () => expect(read(c, held)).toBe(long('2')),
        () => trimAndReuse(a, b),
      )
      expect(c.commit(held)).toBeUndefined()
      collectAll([a.engine, b.engine, c.engine])
      expectSound(a.engine)
    })
    expect(points).toBeGreaterThan(3)
  })

  test('a collection takes nothing that is seen, and frees nothing twice', () => {
    const points = forEachPreemption((preemptHere) => {
      const [a, b, c] = makeChain()
      const held = c.hold()
      const others = [0, 1].map((i) => {
        for (let j = 0; j < 3; j++) update(a, 'key', long(`second ${i} ${j}`))
        return c.hold()
      })
      for (let i = 0; i < 3; i++) update(b, 'key', long(`third ${i}`))
      preemptHere(
        () => {
          orWaits(() => a.engine.collect())
          orWaits(() => a.engine.collect())
        },
        () => {
          expect(c.commit(others.shift()!)).toBeUndefined()
          trimAndReuse(b)
          expect(c.get(held, 'key')).toBe(long('2'))
        },
      )
      expect(c.get(held, 'key')).toBe(long('2'))
      expect(c.get(others.at(-1)!, 'key')).toBe(long('second 1 2'))
      expect(c.commit(held)).toBeUndefined()
      trimAndReuse(a, b)
      expect(c.get(others.at(-1)!, 'key')).toBe(long('second 1 2'))
      for (const tx of others) expect(c.commit(tx)).toBeUndefined()
      collectAll([a.engine, b.engine, c.engine])
      expectSound(a.engine)
    })
    expect(points).toBeGreaterThan(30)
  })

  test('a collection whose snapshot ends touches nothing of what is freed then, and used again', () => {
    const points = forEachPreemption((preemptHere) => {
      const [a, b, c] = makeChain()
      const held = c.hold()
      for (let i = 0; i < 6; i++) update(a, 'key', long(`second ${i}`))
      const reuse = () => {
        for (let i = 0; i < 12; i++) update(b, `other${i}`, long(`other${i}`))
        for (let i = 0; i < 12; i++) update(b, `other${i}`, long(`again${i}`))
      }
      let isHeld = true
      preemptHere(
        () => orWaits(() => a.engine.collect()),
        () => {
          expect(c.commit(held)).toBeUndefined()
          isHeld = false
          trimAndReuse(b)
          orWaits(reuse)
        },
      )
      if (isHeld) expect(c.commit(held)).toBeUndefined()
      else
        for (let i = 0; i < 12; i++) {
          const value = b.run((tx) => b.get(tx, `other${i}`))
          expect([long(`again${i}`), long(`other${i}`), undefined]).toContain(value)
        }
      expectSound(a.engine, { mayBeOpen: true })
      collectAll([a.engine, b.engine, c.engine])
      expectSound(a.engine)
    })
    expect(points).toBeGreaterThan(20)
  })

  test('a snapshot that becomes held, and one that ends, lose nothing', () => {
    const points = forEachPreemption((preemptHere) => {
      const [a, b, c] = makeChain()
      const first = c.begin()
      const second = c.begin()
      update(a, 'key', long('second'))
      const third = c.hold()
      preemptHere(
        () => {
          first.hold()
          second.hold()
          c.commit(third)
        },
        () => trimAndReuse(a, b),
      )
      for (const tx of [first, second]) expect(c.get(tx, 'key')).toBe(long('2'))
      trimAndReuse(a, b)
      for (const tx of [first, second]) expect(c.get(tx, 'key')).toBe(long('2'))
      for (const tx of [first, second]) expect(c.commit(tx)).toBeUndefined()
      collectAll([a.engine, b.engine, c.engine])
      expectSound(a.engine)
    })
    expect(points).toBeGreaterThan(6)
  })
})
