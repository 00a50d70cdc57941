import { describe, expect, test } from 'vitest'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, mebibyte, reasonOf, Session } from '../kit/engineKit.js'
import { forEachPreemption } from '../kit/enginePreempt.js'
import { orWaits } from '../kit/engineTime.js'

const name = (i: number) => String(i).padStart(4, '0')
const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => name(from + i))

/** The keys of the second of three leaves. */
const middle = names(64, 128)
const range = { gte: middle[0]!, lte: middle.at(-1)! }
const afterMiddle = { gt: middle[50]!, lte: name(129) }

interface Sessions {
  readonly a: Session
  readonly b: Session
  readonly c: Session
}

/** Three leaves, of which the last has few keys. */
function makeLeaves(): Sessions {
  const [a, b, c] = makeEngines(3, { limitBytes: 64 * mebibyte }).map((engine) => new Session(engine))
  b!.run((tx) => {
    for (const key of names(0, 131)) b!.put(tx, key, 'value')
  })
  return { a: a!, b: b!, c: c! }
}

function expectSoundAtLast({ a, b, c }: Sessions): void {
  collectAll([a.engine, b.engine, c.engine])
  expectSound(a.engine)
}

/** As `makeLeaves`, with the middle leaf empty, about to go at the next collection. */
function makeEmptyLeaf(): Sessions {
  const sessions = makeLeaves()
  const { b } = sessions
  b.run((tx) => {
    for (const key of middle) b.delete(tx, key)
  })
  while (b.engine.tupleCount > 131 - 64) b.engine.collect()
  return sessions
}

describe('while an empty leaf is taken out of the index', () => {
  test.each([
    ['up', range],
    ['down', { ...range, reverse: true }],
    ['on to the next leaf', afterMiddle],
    ['back from the next leaf', { ...afterMiddle, reverse: true }],
  ])('a range scanned %s by a transaction in locking mode stays its own', (_, scanned) => {
    let free = 0
    forEachPreemption((preemptHere) => {
      const sessions = makeEmptyLeaf()
      const { a, b, c } = sessions
      const locker = a.begin('locking')
      const scan = () => a.scan(locker, scanned)
      let seen: [string, string][] | 'waits' | undefined
      preemptHere(
        () => b.engine.collect(),
        () => {
          seen = orWaits(scan)
        },
      )
      if (seen === 'waits' || seen === undefined) seen = scan()
      else free++
      const reason = reasonOf(() => {
        const tx = c.begin()
        c.put(tx, middle[55]!, 'phantom')
        return c.commit(tx)
      })
      expect(scan()).toEqual(seen)
      expect(reason ?? 'committed into a held range').toBe('locked')
      expect(a.commit(locker)).toBeUndefined()
      expectSoundAtLast(sessions)
    })
    expect(free).toBeGreaterThan(10)
  })

  test.each([
    ['up', range],
    ['down', { ...range, reverse: true }],
    ['on to the next leaf', afterMiddle],
    ['back from the next leaf', { ...afterMiddle, reverse: true }],
  ])('a range scanned %s refuses writers below', (_, scanned) => {
    let free = 0
    forEachPreemption((preemptHere) => {
      const sessions = makeEmptyLeaf()
      const { a, b, c } = sessions
      const writer = c.begin()
      const reader = a.begin()
      const scan = () => a.scan(reader, scanned)
      let seen: [string, string][] | 'waits' | undefined
      preemptHere(
        () => b.engine.collect(),
        () => {
          seen = orWaits(scan)
        },
      )
      if (seen === 'waits' || seen === undefined) seen = scan()
      else free++
      c.put(writer, middle[55]!, 'phantom')
      expect(c.commit(writer) ?? 'committed below a scan').toBe('range')
      expect(scan()).toEqual(seen)
      expect(a.commit(reader)).toBeUndefined()
      expectSoundAtLast(sessions)
    })
    expect(free).toBeGreaterThan(10)
  })

  test('a key that is put there is found', () => {
    forEachPreemption((preemptHere) => {
      const sessions = makeEmptyLeaf()
      const { a, b, c } = sessions
      const put = () => orWaits(() => reasonOf(() => a.run((tx) => a.put(tx, middle[5]!, 'new'))))
      let outcome = 'waits' as ReturnType<typeof put>
      preemptHere(
        () => b.engine.collect(),
        () => {
          outcome = put()
        },
      )
      const expected = outcome === undefined ? 'new' : undefined
      expect(c.run((tx) => c.get(tx, middle[5]!))).toBe(expected)
      expect(c.run((tx) => c.scan(tx, range))).toEqual(expected === undefined ? [] : [[middle[5], 'new']])
      expectSoundAtLast(sessions)
    })
  })
})

describe('while a leaf is split', () => {
  /** Puts a key into the full middle leaf. */
  function split(session: Session): void {
    session.run((tx) => session.put(tx, `${middle[20]}x`, 'new'))
  }

  test.each([
    ['up', { gt: middle[3]!, lt: middle[60]! }],
    ['down', { gt: middle[3]!, lt: middle[60]!, reverse: true }],
  ])('a range scanned %s refuses writers below', (_, scanned) => {
    for (const key of [middle[10]!, `${middle[10]}y`, middle[50]!, `${middle[50]}y`]) {
      forEachPreemption((preemptHere) => {
        const sessions = makeLeaves()
        const { a, b, c } = sessions
        const writer = c.begin()
        const reader = a.begin()
        const scan = () => a.scan(reader, scanned)
        let seen: [string, string][] | 'waits' | undefined
        preemptHere(
          () => reasonOf(() => split(b)),
          () => {
            seen = orWaits(scan)
          },
        )
        if (seen === 'waits' || seen === undefined) seen = scan()
        c.put(writer, key, 'phantom')
        expect(c.commit(writer) ?? 'committed below a scan').toMatch(/^(range|conflict)$/)
        expect(scan()).toEqual(seen)
        expect(a.commit(reader)).toBeUndefined()
        expectSoundAtLast(sessions)
      })
    }
  })

  test('all its keys are found', () => {
    forEachPreemption((preemptHere) => {
      const sessions = makeLeaves()
      const { a, b } = sessions
      const reader = a.begin()
      const check = () => {
        expect(a.scan(reader, range).map(([key]) => key)).toEqual(middle)
        for (const key of [middle[0]!, middle[31]!, middle[32]!, middle[33]!, middle[63]!])
          expect(a.get(reader, key)).toBe('value')
        expect(a.get(reader, `${middle[20]}y`)).toBeUndefined()
      }
      preemptHere(() => {
        reasonOf(() => split(b))
      }, check)
      check()
      expect(a.commit(reader)).toBeUndefined()
      expectSoundAtLast(sessions)
    })
  })
})
