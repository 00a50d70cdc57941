import { describe, expect, test } from 'vitest'
import { lockWaitMs } from '../../src/mvcc/locking.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, reasonOf, Session } from '../kit/engineKit.js'

function makeSessions(): [a: Session, b: Session, c: Session] {
  const sessions = makeEngines(3).map((engine) => new Session(engine)) as [Session, Session, Session]
  sessions[0].run((tx) => {
    for (const key of ['x', 'y', 'z']) sessions[0].put(tx, key, 'old')
  })
  return sessions
}

function expectSoundAtLast(sessions: readonly Session[]): void {
  collectAll(sessions.map(({ engine }) => engine))
  expectSound(sessions[0]!.engine)
}

describe('a transaction in locking mode', () => {
  test('lets readers pass, and commits above them', () => {
    const sessions = makeSessions()
    const [a, b] = sessions
    const locker = a.begin('locking')
    a.put(locker, 'x', 'new')
    const reader = b.begin()
    expect(b.get(reader, 'x')).toBe('old')
    expect(b.scan(reader)).toHaveLength(3)
    expect(a.commit(locker)).toBeUndefined()
    expect(locker.stamp).toBeGreaterThan(reader.stamp)
    expect(b.get(reader, 'x')).toBe('old')
    expect(b.commit(reader)).toBeUndefined()
    expect(b.run((tx) => b.get(tx, 'x'))).toBe('new')
    expectSoundAtLast(sessions)
  })

  test('keeps writers away from what it has read, written, and scanned', () => {
    const sessions = makeSessions()
    const [a, b] = sessions
    for (const hold of [
      (tx: ReturnType<typeof a.begin>) => void a.get(tx, 'x'),
      (tx: ReturnType<typeof a.begin>) => a.put(tx, 'x', 'mine'),
      (tx: ReturnType<typeof a.begin>) => void a.scan(tx, { gte: 'w' }),
    ]) {
      const locker = a.begin('locking')
      hold(locker)
      expect(reasonOf(() => b.run((tx) => b.put(tx, 'x', 'theirs')))).toBe('locked')
      expect(reasonOf(() => b.run((tx) => b.get(tx, 'x'), 'locking'))).toBe('locked')
      expect(a.commit(locker)).toBeUndefined()
      b.run((tx) => b.put(tx, 'x', 'theirs'))
    }
    expectSoundAtLast(sessions)
  })

  test('commits, whatever others do meanwhile', () => {
    const sessions = makeSessions()
    const [a, b, c] = sessions
    const locker = a.begin('locking')
    expect(a.get(locker, 'x')).toBe('old')
    for (let i = 0; i < 20; i++) {
      b.run((tx) => b.put(tx, 'y', `${i}`))
      c.run((tx) => c.scan(tx))
      reasonOf(() => c.run((tx) => c.put(tx, 'x', 'no')))
    }
    a.put(locker, 'y', 'mine')
    a.put(locker, 'x', 'mine')
    expect(a.get(locker, 'y')).toBe('mine')
    expect(a.commit(locker)).toBeUndefined()
    expect(b.run((tx) => b.scan(tx))).toEqual([
      ['x', 'mine'],
      ['y', 'mine'],
      ['z', 'old'],
    ])
    expectSoundAtLast(sessions)
  })

  test('sees the newest state of what it first touches late', () => {
    const [a, b] = makeSessions()
    const locker = a.begin('locking')
    b.run((tx) => b.put(tx, 'x', 'newer'))
    expect(a.get(locker, 'x')).toBe('newer')
    expect(a.commit(locker)).toBeUndefined()
  })

  test('gives everything back when it is undone', () => {
    const sessions = makeSessions()
    const [a, b] = sessions
    const locker = a.begin('locking')
    a.put(locker, 'x', 'never')
    a.put(locker, 'made', 'never')
    a.scan(locker)
    a.engine.abort(locker, 'user')
    b.run((tx) => b.put(tx, 'x', 'theirs'))
    b.run((tx) => b.put(tx, 'made', 'theirs'))
    expect(b.run((tx) => b.get(tx, 'x'))).toBe('theirs')
    expectSoundAtLast(sessions)
  })

  test('holds hundreds of keys and leaves', () => {
    const sessions = makeSessions()
    const [a, b] = sessions
    const locker = a.begin('locking')
    for (let i = 0; i < 500; i++) a.put(locker, `key${i}`, `${i}`)
    expect(a.scan(locker)).toHaveLength(503)
    expect(reasonOf(() => b.run((tx) => b.put(tx, 'key400', 'theirs')))).toBe('locked')
    expect(a.commit(locker)).toBeUndefined()
    expect(b.run((tx) => b.scan(tx))).toHaveLength(503)
    expectSoundAtLast(sessions)
  })
})

describe('of two transactions in locking mode', () => {
  test('the younger gives up at once, the older waits for a while', () => {
    const [a, b] = makeSessions()
    const older = a.begin('locking')
    const younger = b.begin('locking')
    a.put(older, 'x', 'older')
    b.put(younger, 'y', 'younger')
    const startedMs = performance.now()
    expect(reasonOf(() => b.put(younger, 'x', 'younger'))).toBe('locked')
    expect(performance.now() - startedMs).toBeLessThan(lockWaitMs / 2)
    expect(reasonOf(() => a.put(older, 'y', 'older'))).toBe('locked')
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(lockWaitMs)
    a.engine.abort(older, 'locked')
    b.engine.abort(younger, 'locked')
  })

  test('the one that keeps its age is the older one again', () => {
    const [a, b] = makeSessions()
    const first = a.begin('locking')
    const age = first.opened
    a.engine.abort(first, 'locked')
    const younger = b.begin('locking')
    b.put(younger, 'x', 'younger')
    const again = a.begin('locking', age)
    const startedMs = performance.now()
    expect(reasonOf(() => a.put(again, 'x', 'again'))).toBe('locked')
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(lockWaitMs)
    a.engine.abort(again, 'locked')
    expect(b.commit(younger)).toBeUndefined()
  })

  test('of one thread, neither waits: the other cannot go on meanwhile', () => {
    const [a] = makeSessions()
    const older = a.begin('locking')
    const younger = a.begin('locking')
    a.put(younger, 'x', 'younger')
    const startedMs = performance.now()
    expect(reasonOf(() => a.put(older, 'x', 'older'))).toBe('locked')
    expect(performance.now() - startedMs).toBeLessThan(lockWaitMs / 2)
    a.engine.abort(older, 'locked')
    expect(a.commit(younger)).toBeUndefined()
  })
})

test('an optimistic transaction waits briefly for a locked key, then gives up', () => {
  const [a, b] = makeSessions()
  const locker = a.begin('locking')
  a.put(locker, 'x', 'mine')
  const startedMs = performance.now()
  expect(reasonOf(() => b.run((tx) => b.put(tx, 'x', 'theirs')))).toBe('locked')
  expect(performance.now() - startedMs).toBeLessThan(1000)
  expect(a.commit(locker)).toBeUndefined()
})

test('a snapshot held open sees its state through all kinds of commits', () => {
  const sessions = makeSessions()
  const [a, b, c] = sessions
  const snapshot = c.begin()
  const before = c.scan(snapshot)
  for (let i = 0; i < 40; i++) {
    const mode = i % 2 === 0 ? 'optimistic' : 'locking'
    a.run((tx) => a.put(tx, ['x', 'y', 'new'][i % 3]!, `${i}`.repeat(30)), mode)
    b.run((tx) => b.delete(tx, ['y', 'z', 'new'][i % 3]!), mode)
  }
  expect(c.scan(snapshot)).toEqual(before)
  for (const [key, value] of before) expect(c.get(snapshot, key)).toBe(value)
  expect(c.get(snapshot, 'new')).toBeUndefined()
  expect(c.commit(snapshot)).toBeUndefined()
  expectSoundAtLast(sessions)
})
