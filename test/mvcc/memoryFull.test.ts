import { describe, expect, test } from 'vitest'
import { MemoryFullError } from '../../src/memory/errors.js'
import type { Engine } from '../../src/mvcc/engine.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, isStructural, makeEngines, mebibyte, Session } from '../kit/engineKit.js'

const name = (i: number) => String(i).padStart(5, '0')

/**
 * From now on the engine's allocation number `at`, and only that one, finds no memory; counted are those for
 * which `counts` holds. Answers whether it came.
 */
function failAllocation(engine: Engine, at: number, counts = () => true): () => boolean {
  const { arena } = engine.context
  const { allocate } = arena
  let count = 0
  arena.allocate = (kind, lengthBytes) => {
    if (counts() && count++ === at) throw new MemoryFullError(lengthBytes, engine.memory.limitBytes)
    return allocate.call(arena, kind, lengthBytes)
  }
  return () => {
    arena.allocate = allocate
    return count > at
  }
}

/** Runs the scenario for each allocation that can fail in it. */
function forEachFailure(
  scenario: (fail: (body: () => void, engine: Engine, counts?: () => boolean) => boolean) => void,
): number {
  for (let at = 0; ; at++) {
    let isFailed = false
    scenario((body, engine, counts) => {
      const restore = failAllocation(engine, at, counts)
      try {
        body()
      } catch (error) {
        if (!(error instanceof MemoryFullError)) throw error
      } finally {
        isFailed = restore()
      }
      return isFailed
    })
    if (!isFailed) return at
  }
}

function makeStore(keyCount: number): { engines: Engine[]; a: Session; b: Session } {
  const engines = makeEngines(2, { limitBytes: 64 * mebibyte })
  const [a, b] = engines.map((engine) => new Session(engine)) as [Session, Session]
  for (let i = 0; i < keyCount; i += 16)
    a.run((tx) => {
      for (let j = i; j < Math.min(i + 16, keyCount); j++) a.put(tx, name(j), 'old')
    })
  return { engines, a, b }
}

const mayMissSeparators = { mayBeUnposted: true }

describe('a transaction that finds no memory at any allocation', () => {
  const bodies: Readonly<Record<string, (session: Session) => void>> = {
    'that makes a key': (s) => s.run((tx) => s.put(tx, `${name(3)}x`, 'new')),
    'that splits a leaf': (s) => s.run((tx) => s.put(tx, `${name(10)}x`, 'new')),
    'that puts large values': (s) => s.run((tx) => s.put(tx, name(3), 'new'.repeat(9000))),
    'that deletes': (s) => s.run((tx) => s.delete(tx, name(3))),
    'that writes much': (s) =>
      s.run((tx) => {
        for (let i = 0; i < 200; i++) s.put(tx, name(i * 3), 'new'.repeat(20))
      }),
    'in locking mode': (s) => s.run((tx) => s.put(tx, `${name(10)}x`, 'new'), 'locking'),
    'in locking mode that holds and splits much': (s) =>
      s.run((tx) => {
        s.scan(tx, { lt: name(128) })
        for (let i = 0; i < 40; i++) s.put(tx, `${name(20)}${i}`, 'new'.repeat(20))
      }, 'locking'),
  }

  test.each(Object.entries(bodies))('%s, is done or leaves no trace', (_, body) => {
    const failures = forEachFailure((fail) => {
      const { engines, a, b } = makeStore(128)
      const before = b.run((tx) => b.scan(tx))
      let isDone = false
      const isFailed = fail(() => {
        body(a)
        isDone = true
      }, a.engine)
      const after = b.run((tx) => b.scan(tx))
      if (isDone) expect(after).not.toEqual(before)
      else expect(after).toEqual(before)
      expect(a.engine.context.site.openCount).toBe(0)
      if (!isFailed) expect(isDone).toBe(true)
      if (!isDone) body(a)
      collectAll(engines)
      expectSound(a.engine, mayMissSeparators)
    })
    expect(failures).toBeGreaterThan(0)
  })

  test('to begin in locking mode, is not left open', () => {
    const { a } = makeStore(0)
    const restore = failAllocation(a.engine, 0)
    expect(() => a.begin('locking')).toThrow(MemoryFullError)
    restore()
    expect(a.engine.context.site.openCount).toBe(0)
    expectSound(a.engine)
  })
})

describe('collection that finds no memory at any allocation', () => {
  test('loses nothing, and goes on later', () => {
    const failures = forEachFailure((fail) => {
      const { engines, a, b } = makeStore(200)
      b.run((tx) => {
        for (let i = 60; i < 140; i++) b.delete(tx, name(i))
      })
      fail(() => {
        for (let i = 0; i < 4; i++) b.engine.collect()
      }, b.engine)
      expect(b.engine.context.site.openCount).toBe(0)
      expect(a.run((tx) => a.scan(tx))).toHaveLength(120)
      collectAll(engines)
      expect(expectSound(a.engine, mayMissSeparators).indexes[0]?.tuples).toHaveLength(120)
      a.run((tx) => {
        for (let i = 60; i < 140; i++) a.put(tx, name(i), 'again')
      })
      expect(a.run((tx) => a.scan(tx))).toHaveLength(200)
      expectSound(a.engine, mayMissSeparators)
    })
    expect(failures).toBeGreaterThan(50)
  })

  test('on the time of a commit, does not fail the commit', () => {
    forEachFailure((fail) => {
      const { a } = makeStore(40)
      a.run((tx) => {
        for (let i = 0; i < 40; i++) a.delete(tx, name(i))
      })
      for (let i = 0; i < 12; i++) {
        const value = `value ${i}`
        let isDone = false
        fail(() => {
          a.run((tx) => a.put(tx, 'key', value))
          isDone = true
        }, a.engine)
        expect(a.run((tx) => a.get(tx, 'key')) === value).toBe(isDone)
      }
      expect(a.engine.context.site.openCount).toBe(0)
    })
  })
})

describe('a removal of a leaf that finds no memory for its end', () => {
  const leafKeys = 64
  /** Of the first: leaf `leaf` empties. Of the second: its parent too, whose other leaves are gone. */
  const trees = {
    'beside others of its parent': { leaves: 5, gone: [], leaf: 1 },
    'alone under its parent': { leaves: 131, gone: Array.from({ length: 63 }, (_, i) => 64 + i), leaf: 127 },
  }
  const keysOf = (leaf: number) => Array.from({ length: leafKeys }, (_, i) => name(leaf * leafKeys + i))

  interface Scene {
    readonly engines: Engine[]
    readonly a: Session
    readonly b: Session
    readonly leaf: number
    readonly expected: Map<string, string>
  }

  const inOrder = (entries: Iterable<[string, string]>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1))

  function remove({ expected }: Scene, session: Session, keys: readonly string[]): void {
    session.run((tx) => {
      for (const key of keys) session.delete(tx, key)
    })
    for (const key of keys) expected.delete(key)
  }

  function put({ expected }: Scene, session: Session, keys: readonly string[]): void {
    for (const key of keys) {
      session.run((tx) => session.put(tx, key, 'new'))
      expected.set(key, 'new')
    }
  }

  /** Keys that come before those of the leaf behind, and fill it. */
  const keysBefore = (leaf: number) => [...keysOf(leaf), ...keysOf(leaf).map((key) => `${key}x`)]

  const sequels: Readonly<Record<string, (scene: Scene) => void>> = {
    'and the leaf beside it goes': (scene) => {
      remove(scene, scene.a, keysOf(scene.leaf + 1))
      collectAll([scene.a.engine])
    },
    'and the leaf beside it is split, and goes': (scene) => {
      put(scene, scene.a, keysBefore(scene.leaf))
      remove(scene, scene.a, keysOf(scene.leaf + 1))
      remove(scene, scene.a, keysBefore(scene.leaf))
      collectAll([scene.a.engine])
    },
    'and the leaf before it goes': (scene) => {
      remove(scene, scene.a, keysOf(scene.leaf === 127 ? 63 : scene.leaf - 1))
      collectAll([scene.a.engine])
    },
    'and its site leaves': ({ engines, b }) => {
      b.engine.leave()
      engines.splice(1, 1)
    },
    'and its site leaves, and the leaf beside it goes': (scene) => {
      scene.b.engine.leave()
      scene.engines.splice(1, 1)
      remove(scene, scene.a, keysOf(scene.leaf + 1))
    },
    'and its site dies': ({ engines, a, b }) => {
      expect(a.engine.recoverer.recover(b.engine.context.site.id, 1)).toBe(true)
      engines.splice(1, 1)
    },
    'and its site dies, and the leaf beside it goes': (scene) => {
      expect(scene.a.engine.recoverer.recover(scene.b.engine.context.site.id, 1)).toBe(true)
      scene.engines.splice(1, 1)
      remove(scene, scene.a, keysOf(scene.leaf + 1))
    },
  }

  describe.each(Object.entries(trees))('%s', (_, { leaves, gone, leaf }) => {
    test.each(Object.entries(sequels))('%s, ends later', (__, sequel) => {
      let unfinished = 0
      forEachFailure((fail) => {
        const { engines, a, b } = makeStore(leaves * leafKeys)
        const expected = new Map(a.run((tx) => a.scan(tx)))
        const scene = { engines, a, b, leaf, expected }
        for (const each of gone) remove(scene, a, keysOf(each))
        collectAll(engines)
        remove(scene, b, keysOf(leaf))
        const { remover } = b.engine.treeOf(b.table)
        fail(
          () => {
            for (let i = 0; i < 4 && !remover.isUnfinished; i++) b.engine.collect()
          },
          b.engine,
          () => isStructural(b),
        )
        if (remover.isUnfinished) unfinished++
        sequel(scene)
        collectAll(engines)
        expectSound(a.engine, mayMissSeparators)
        expect(a.run((tx) => a.scan(tx))).toEqual(inOrder(expected))
        for (const [key, value] of expected) if (a.run((tx) => a.get(tx, key)) !== value) expect(key).toBe('')
        put(scene, a, keysBefore(leaf))
        remove(scene, a, [...expected.keys()].slice(0, leafKeys * 8))
        collectAll(engines)
        expectSound(a.engine, mayMissSeparators)
        expect(a.run((tx) => a.scan(tx))).toEqual(inOrder(expected))
      })
      expect(unfinished).toBeGreaterThan(0)
    })
  })
})

test('keys are found without the separators that found no memory, while leaves go', () => {
  const { engines, a } = makeStore(64 * 40)
  const { arena } = a.engine.context
  const { allocate } = arena
  const model = new Map(a.run((tx) => a.scan(tx)))
  const tree = a.engine.treeOf(a.table)
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < 100; i++) {
      const key = `${name((round * 211 + i) % 2560)}${i % 7}`
      // Every second split finds no memory for its separator: it then holds the structure latch.
      arena.allocate = (kind, lengthBytes) => {
        if (isStructural(a) && i % 2 === 0) throw new MemoryFullError(lengthBytes, 0)
        return allocate.call(arena, kind, lengthBytes)
      }
      a.run((tx) => a.put(tx, key, 'new'))
      model.set(key, 'new')
    }
    arena.allocate = allocate
    const removed = [...model.keys()].sort().slice(round * 37, round * 37 + 300)
    for (const key of removed) {
      a.run((tx) => a.delete(tx, key))
      model.delete(key)
    }
    collectAll(engines)
    expectSound(a.engine, mayMissSeparators)
  }
  expect(a.run((tx) => a.scan(tx)).map(([key]) => key)).toEqual([...model.keys()].sort())
  expect(tree.levelOf(tree.contentsOf(tree.root))).toBeGreaterThan(0)
})
