import { describe, expect, test } from 'vitest'
import { SharedMemory } from '../../src/memory/sharedMemory.js'
import { Engine } from '../../src/mvcc/engine.js'
import { blockHeads } from '../../src/mvcc/index/block.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, mebibyte, Session } from '../kit/engineKit.js'
import { forEachPreemption } from '../kit/enginePreempt.js'
import { orWaits } from '../kit/engineTime.js'

const name = (i: number) => String(i).padStart(6, '0')
const entry = (i: number): [string, string] => [name(i), 'value']
const entries = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => entry(from + i))

function makeSessions(count: number): [Session, ...Session[]] {
  return makeEngines(count).map((engine) => new Session(engine)) as [Session, ...Session[]]
}

function putInOrder(session: Session, from: number, to: number): void {
  for (let i = from; i < to; i++) session.run((tx) => session.put(tx, name(i), 'value'))
}

/** The contents of the leaf at the right end. */
function lastBlock({ engine, table }: Session): number {
  const tree = engine.treeOf(table)
  return tree.contentsOf(tree.lastLeaf())
}

describe('keys that come in order', () => {
  test('are added to the contents that readers see', () => {
    const [a] = makeSessions(1)
    const blocks = new Set<number>()
    for (let i = 0; i < 64; i++) {
      putInOrder(a, i, i + 1)
      blocks.add(lastBlock(a))
    }
    expect(blocks.size).toBeLessThan(16)
    putInOrder(a, 64, 1000)
    expect(a.run((tx) => a.scan(tx))).toEqual(entries(0, 1000))
    expectSound(a.engine)
  })

  test('in many sequences beside each other leave full leaves, and all are found', () => {
    const [a] = makeSessions(1)
    const keys: string[] = []
    for (let i = 0; i < 300; i++) {
      for (const sequence of ['a', 'b', 'c']) {
        const key = `${sequence}${name(i)}`
        keys.push(key)
        a.run((tx) => expect(a.insert(tx, key, 'value')).toBe(true))
        a.run((tx) => expect(a.insert(tx, key, 'again')).toBe(false))
      }
    }
    expect(a.run((tx) => a.scan(tx)).map(([key]) => key)).toEqual(keys.toSorted())
    expect(a.run((tx) => keys.every((key) => a.get(tx, key) === 'value'))).toBe(true)
    a.run((tx) => {
      for (const key of keys.filter((_, i) => i % 3 > 0)) a.delete(tx, key)
    })
    collectAll([a.engine])
    expect(a.run((tx) => a.scan(tx)).map(([key]) => key)).toEqual(keys.filter((_, i) => i % 3 === 0))
    expectSound(a.engine)
  })

  test('in sequences that take turns are added in place too', () => {
    const [a] = makeSessions(1)
    const sequences = ['a', 'b', 'c']
    const inTurns = (from: number, to: number) => {
      for (let i = from; i < to; i++)
        for (const sequence of sequences) a.run((tx) => a.insert(tx, `${sequence}${name(i)}`, 'value'))
    }
    // At first all are in one leaf; each comes to its end, where a sequence is known by its leaf.
    for (const sequence of sequences)
      for (let i = 0; i < 200; i++) a.run((tx) => a.insert(tx, `${sequence}${name(i)}`, 'value'))
    const blocks = new Set<number>()
    for (let i = 200; i < 500; i++) {
      inTurns(i, i + 1)
      blocks.add(lastBlock(a))
    }
    expect(blocks.size).toBeLessThan(40)
    expect(a.run((tx) => a.scan(tx)).length).toBe(1500)
    expectSound(a.engine)
  })

  test('of one transaction are in the directory once it has committed', () => {
    const [a] = makeSessions(1)
    const tree = a.engine.treeOf(a.table)
    const keys = Array.from({ length: 100 }, (_, i) => name(i))
    a.run((tx) => {
      for (const key of keys) {
        a.insert(tx, key, 'value')
        expect(a.get(tx, key)).toBe('value')
      }
    })
    a.run((tx) => {
      for (const key of keys.slice(0, 70)) a.insert(tx, `${key}x`, 'value')
    })
    const all = [...keys, ...keys.slice(0, 70).map((each) => `${each}x`)]
    const known = all.filter((key) => {
      const tuple = a.engine.directory.find(a.fill(key))
      expect([0, tree.find(a.fill(key))]).toContain(tuple)
      return tuple !== 0
    })
    // Some may have been lost while the directory grew.
    expect(known.length).toBeGreaterThan(0.9 * all.length)
  })

  test.each([1, 6, 7, 62, 63])('of one transaction behind %s, and others come between', (count) => {
    let between = 0
    forEachPreemption((preemptHere) => {
      const [a, b] = makeSessions(2) as [Session, Session]
      putInOrder(a, 0, count)
      const writer = a.begin()
      let other: unknown
      preemptHere(
        () => {
          for (let i = 0; i < 3; i++) expect(a.insert(writer, name(count + 2 * i), 'value')).toBe(true)
        },
        () => {
          other = orWaits(() =>
            b.run((tx) => {
              for (const i of [1, 3, 7]) expect(b.insert(tx, name(count + i), 'value')).toBe(true)
            }),
          )
        },
      )
      expect(a.insert(writer, name(count + 4), 'again')).toBe(false)
      expect(a.commit(writer)).toBeUndefined()
      const isThere = other === undefined && b.run((tx) => b.get(tx, name(count + 7))) === 'value'
      const expected = isThere ? [0, 1, 2, 3, 4, 7] : [0, 2, 4]
      if (isThere) between++
      expect(b.run((tx) => b.scan(tx, { gte: name(count) }))).toEqual(expected.map((i) => entry(count + i)))
      collectAll([a.engine, b.engine])
      // Who cannot wait for the structure latch leaves a split without its separator.
      expectSound(a.engine, { mayBeUnposted: true })
    })
    expect(between).toBeGreaterThan(0)
  })

  // 6 has room in the contents, 8 fills them, 64 splits the leaf.
  test.each([6, 7, 8, 16, 63, 64, 65])('a scan in the middle of the insertion of the %sth', (count) => {
    let unseen = 0
    forEachPreemption((preemptHere) => {
      const [a, b] = makeSessions(2) as [Session, Session]
      putInOrder(a, 0, count)
      let seen: [string, string][] | 'waits' | undefined
      let reason: string | undefined
      const writer = a.begin()
      const reader = b.begin()
      preemptHere(
        () => {
          a.put(writer, name(count), 'value')
          reason = a.commit(writer)
        },
        () => {
          seen = orWaits(() => b.scan(reader, { gte: name(count - 3) }))
        },
      )
      // The reader is later than the writer: what it has not seen must not be committed any more.
      const isCommitted = reason === undefined
      expect(reason ?? 'range').toBe('range')
      const expected = entries(count - 3, isCommitted ? count + 1 : count)
      if (Array.isArray(seen)) expect(seen).toEqual(expected)
      expect(b.scan(reader, { gte: name(count - 3) })).toEqual(expected)
      if (Array.isArray(seen) && !isCommitted) unseen++
      expect(b.commit(reader)).toBeUndefined()
      collectAll([a.engine, b.engine])
      expectSound(a.engine)
    })
    expect(unseen).toBeGreaterThan(0)
  })

  test('another thread goes on behind them', () => {
    forEachPreemption((preemptHere) => {
      const [a, b] = makeSessions(2) as [Session, Session]
      putInOrder(a, 0, 10)
      let other: unknown
      preemptHere(
        () => a.run((tx) => a.put(tx, name(10), 'value')),
        () => {
          other = orWaits(() => b.run((tx) => b.put(tx, name(11), 'value')))
        },
      )
      if (other === 'waits') b.run((tx) => b.put(tx, name(11), 'value'))
      if (other !== undefined || b.run((tx) => b.get(tx, name(11))) === 'value')
        expect(b.run((tx) => b.scan(tx, { gte: name(8) }))).toEqual(entries(8, 12))
      collectAll([a.engine, b.engine])
      expectSound(a.engine)
    })
  })
})

/** What the threads share, as it is now: to go on with as if the others had died here. */
function copyOfMemory({ memory }: Engine): SharedMemory {
  const copy = new SharedArrayBuffer(memory.buffer.byteLength)
  new Uint8Array(copy).set(new Uint8Array(memory.buffer))
  return SharedMemory.from(copy)
}

test('an entry that a dead thread was adding is there or gone', () => {
  let uncounted = 0
  let counted = 0
  const points = forEachPreemption((preemptHere) => {
    const [a] = makeEngines(1, { limitBytes: 4 * mebibyte }).map((engine) => new Session(engine)) as [Session]
    putInOrder(a, 0, 10)
    const block = lastBlock(a)
    const { reader } = a.engine.treeOf(a.table)
    let left: SharedMemory | undefined
    preemptHere(
      () => putInOrder(a, 10, 11),
      () => {
        left = copyOfMemory(a.engine)
      },
    )
    if (left === undefined) return
    if (
      left.i32[block << 1] === 10 &&
      left.i32[(block << 1) + blockHeads + reader.capacityOf(block) + 10] !== 0
    )
      uncounted++
    const b = new Session(new Engine({ memory: left, thread: 1 }))
    expect(b.engine.recoverer.recover(a.engine.context.site.id, 0)).toBe(true)
    const found = b.run((tx) => b.scan(tx))
    if (found.length === 11) counted++
    expect(found).toEqual(entries(0, found.length === 11 ? 11 : 10))
    putInOrder(b, 10, 30)
    expect(b.run((tx) => b.scan(tx))).toEqual(entries(0, 30))
    collectAll([b.engine])
    expectSound(b.engine)
  })
  expect(points).toBeGreaterThan(10)
  expect(uncounted).toBe(1)
  expect(counted).toBeGreaterThan(0)
})
