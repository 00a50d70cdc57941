import { describe, expect, test } from 'vitest'
import { MemoryFullError } from '../../src/memory/errors.js'
import { header } from '../../src/memory/layout.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, mebibyte, Session } from '../kit/engineKit.js'

const name = (i: number) => `key ${String(i).padStart(6, '0')}`

/** Puts values of this length until there is no room. Answers how many are there. */
function fill(session: Session, lengthBytes: number): number {
  const value = 'x'.repeat(lengthBytes)
  for (let i = 0, failures = 0; ; ) {
    try {
      session.run((tx) => session.put(tx, name(i), value))
      failures = 0
      i++
    } catch (error) {
      if (!(error instanceof MemoryFullError)) throw error
      if (++failures === 4) return i
      giveTime(session)
    }
  }
}

/**
 * What was free is reclaimed in steps: chunks of tuples when nobody can see them, and not at once after a
 * failure.
 */
function giveTime(session: Session): void {
  Atomics.wait(session.engine.memory.i32, header.sleep, 0, 12)
  session.engine.collect()
}

function removeAll(session: Session, from: number, to: number): void {
  for (let i = from; i < to; i++) session.run((tx) => session.delete(tx, name(i)))
}

describe('a full store', () => {
  test.each([
    [100, 100],
    [20, 3000],
    [50, 100_000],
  ])('of values of %i bytes, has room for values of %i bytes after deletes', (first, second) => {
    const engines = makeEngines(2, { limitBytes: 16 * mebibyte })
    const [a, b] = engines.map((engine) => new Session(engine)) as [Session, Session]
    const count = fill(a, first)
    expect(count * (first + 60)).toBeGreaterThan(8 * mebibyte)
    expect(a.run((tx) => a.get(tx, name(0)))).toHaveLength(first)
    expectSound(a.engine)
    removeAll(b, 0, count)
    collectAll(engines)
    expect(expectSound(a.engine).indexes[0]?.tuples).toEqual([])
    const again = fill(a, second)
    expect(again * (second + 60)).toBeGreaterThan(5 * mebibyte)
    removeAll(a, 0, again)
    collectAll(engines)
    expectSound(a.engine)
  })

  test.each([
    [100, 3000],
    [20, 20_000],
  ])(
    'of values of %i bytes, has all its room for values of %i bytes when those who filled it have left',
    (first, second) => {
      const [room] = makeEngines(1, { limitBytes: 16 * mebibyte })
      const bytesBefore = fill(new Session(room!), second) * second
      const engines = makeEngines(4, { limitBytes: 16 * mebibyte })
      const sessions = engines.map((engine) => new Session(engine))
      const a = sessions[0]!
      for (let size = 0; size < 400; size += 25)
        for (const session of sessions.slice(1))
          session.run((tx) => session.put(tx, `${session.engine.context.site.id} ${size}`, 'x'.repeat(size)))
      const count = fill(sessions[1]!, first)
      removeAll(sessions[2]!, 0, count)
      for (const session of sessions.slice(1))
        for (let size = 0; size < 400; size += 25)
          session.run((tx) => session.delete(tx, `${session.engine.context.site.id} ${size}`))
      collectAll(engines)
      for (const engine of engines.slice(1)) engine.leave()
      collectAll([a.engine])
      giveTime(a)
      expect(fill(a, second) * second).toBeGreaterThan(0.9 * bytesBefore)
      expectSound(a.engine)
    },
  )

  test('goes on: what is full undoes one transaction, and the others live', () => {
    const engines = makeEngines(1, { limitBytes: 8 * mebibyte })
    const a = new Session(engines[0]!)
    const count = fill(a, 500)
    for (let i = 0; i < 200; i++) {
      expect(() => a.run((tx) => a.put(tx, `more ${i}`, 'x'.repeat(200_000)))).toThrow(MemoryFullError)
      expect(a.run((tx) => a.get(tx, `more ${i}`))).toBeUndefined()
    }
    expect(a.run((tx) => a.scan(tx))).toHaveLength(count)
    expect(a.engine.context.site.openCount).toBe(0)
    collectAll(engines)
    expectSound(a.engine)
  })

  test('with a snapshot open cannot free what that sees, and can when it is closed', () => {
    const engines = makeEngines(2, { limitBytes: 16 * mebibyte })
    const [a, b] = engines.map((engine) => new Session(engine)) as [Session, Session]
    for (let i = 0; i < 500; i++) a.run((tx) => a.put(tx, name(i), 'x'.repeat(1000)))
    const snapshot = b.begin()
    expect(() => {
      for (let round = 0; round < 100; round++)
        for (let i = 0; i < 500; i++) a.run((tx) => a.put(tx, name(i), `${round}`.repeat(500)))
    }).toThrow(MemoryFullError)
    expect(b.scan(snapshot).every(([, value]) => value === 'x'.repeat(1000))).toBe(true)
    expect(b.commit(snapshot)).toBeUndefined()
    collectAll(engines)
    giveTime(a)
    for (let round = 0; round < 30; round++)
      for (let i = 0; i < 500; i++) a.run((tx) => a.put(tx, name(i), `${round}`.repeat(500)))
    collectAll(engines)
    expectSound(a.engine)
  })
})
