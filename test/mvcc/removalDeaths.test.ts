import { describe, expect, test } from 'vitest'
import { type Breaking, dieAt } from '../kit/engineDeath.js'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, isRemoving, isStructural, makeEngines, mebibyte, Session } from '../kit/engineKit.js'

const leafKeys = 64
const name = (i: number) => String(i).padStart(5, '0')
const keysOf = (leaf: number) => Array.from({ length: leafKeys }, (_, i) => name(leaf * leafKeys + i))
/** Of the last: the parent of leaf 127 goes too, for its other leaves are gone. */
const trees = {
  'the first leaf': { leaves: 5, gone: [], leaf: 0 },
  'a leaf beside others of its parent': { leaves: 5, gone: [], leaf: 1 },
  'the second of three leaves, and the root with it': { leaves: 3, gone: [0], leaf: 1 },
  'a leaf alone under its parent': {
    leaves: 131,
    gone: Array.from({ length: 63 }, (_, i) => 64 + i),
    leaf: 127,
  },
}

function remove(session: Session, leaf: number): void {
  session.run((tx) => {
    for (const key of keysOf(leaf)) session.delete(tx, key)
  })
}

interface Scene {
  readonly a: Session
  readonly b: Session
  readonly c: Session
  readonly expected: readonly [string, string][]
}

/** The leaf is empty, and to be removed when `b` collects. */
function makeScene({ leaves, gone, leaf }: { leaves: number; gone: readonly number[]; leaf: number }): Scene {
  const engines = makeEngines(3, { limitBytes: 64 * mebibyte })
  const [a, b, c] = engines.map((engine) => new Session(engine)) as [Session, Session, Session]
  for (let i = 0; i < leaves; i++)
    a.run((tx) => {
      for (const key of keysOf(i)) a.put(tx, key, 'value')
    })
  for (const each of gone) remove(a, each)
  collectAll(engines)
  remove(b, leaf)
  return { a, b, c, expected: a.run((tx) => a.scan(tx)) }
}

const collect = ({ b }: Scene) => {
  for (let i = 0; i < 4; i++) b.engine.collect()
}

/** Steps are counted while `counts` holds, and are calls too that a removal makes. */
const steps = (session: Session, counts: () => boolean): Breaking => {
  const { arena, retired, site } = session.engine.context
  return {
    counts,
    steps: [
      [arena, 'allocate', 'free'],
      [retired, 'reserve', 'push'],
      [site, 'retireStamp'],
    ],
  }
}

/** What the survivors see, and that they can go on. */
function expectWhole({ a, c, expected }: Scene): void {
  for (const [key, value] of expected) if (a.run((tx) => a.get(tx, key)) !== value) expect(key).toBe('')
  expect(a.run((tx) => a.scan(tx))).toEqual(expected)
  expect(a.run((tx) => a.scan(tx, { reverse: true }))).toEqual(expected.toReversed())
  collectAll([a.engine, c.engine])
  expectSound(a.engine, { mayBeUnposted: true })
  a.run((tx) => {
    for (const [key] of expected) a.delete(tx, key)
  })
  collectAll([a.engine, c.engine])
  expect(expectSound(c.engine, { mayBeUnposted: true }).indexes[0]?.tuples).toEqual([])
}

describe.each(Object.entries(trees))('the removal of %s', (_, tree) => {
  test('is finished, or was not begun, if its thread dies at any step', () => {
    const stride = tree.leaves > leafKeys ? 3 : 1
    for (let skip = 0; ; skip += stride) {
      const scene = makeScene(tree)
      const { a, b } = scene
      // Until a leaf is dead, all trees are alike, and the large one takes long to make.
      const isCounted = () => (tree.leaves > leafKeys ? isRemoving(b) : isStructural(b))
      const isDead = dieAt(skip, () => collect(scene), steps(b, isCounted))
      expect(a.engine.recoverer.recover(b.engine.context.site.id, 1)).toBe(true)
      expectWhole(scene)
      if (!isDead) break
      expect(skip).toBeLessThan(2000)
    }
  })
})

test('a removal whose recoverer dies too, at any step, is finished by the next', () => {
  const recoveries = new Set<number>()
  for (let skip = 0, isDead = true; isDead; skip++) {
    for (let again = skip % 13, isRecovererDead = true; isRecovererDead; again += 13) {
      const scene = makeScene(trees['a leaf beside others of its parent'])
      const { a, b, c } = scene
      isDead = dieAt(
        skip,
        () => collect(scene),
        steps(b, () => isStructural(b)),
      )
      const recover = () => void a.engine.recoverer.recover(b.engine.context.site.id, 1)
      isRecovererDead = dieAt(again, recover, { counts: () => isStructural(b) })
      if (isRecovererDead) {
        // A recoverer is a site, here the fourth; it may have died before it was one, or claimed the dead.
        const { recoverer, context } = c.engine
        const isSite = context.sites.highWater > 3
        if (isSite) expect(recoverer.recover(context.sites.highWater, 0)).toBe(true)
        if (!recoverer.recover(b.engine.context.site.id, 1)) recoveries.add(again)
      }
      expectWhole(scene)
    }
  }
  expect(recoveries.size).toBeGreaterThan(20)
})
