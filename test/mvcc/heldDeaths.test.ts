import { describe, expect, test } from 'vitest'
import { keptMove, siteArea } from '../../src/memory/layout.js'
import { expectSound } from '../kit/engineAudit.js'
import { dieAt } from '../kit/engineDeath.js'
import { long, makeChain, makeSessions, trimAndReuse, update } from '../kit/engineHeld.js'
import { collectAll } from '../kit/engineKit.js'

describe('a site that dies', () => {
  test('in the middle of a collection beside a held snapshot leaves nothing behind', () => {
    let survived = false
    for (let skip = 0; !survived; skip++) {
      const [a, b, c] = makeChain()
      const held = c.hold()
      for (let i = 0; i < 3; i++) update(a, 'key', long(`second ${i}`))
      update(a, 'other', 'new')
      survived = !dieAt(skip, () => a.engine.collect())
      const dead = a.engine.context.site.id
      if (!survived) expect(b.engine.recoverer.recover(dead, 0)).toBe(true)
      trimAndReuse(b)
      expect(c.get(held, 'key')).toBe(long('2'))
      expect(c.commit(held)).toBeUndefined()
      collectAll([b.engine, c.engine])
      expectSound(b.engine)
      if (skip > 500) throw new Error('the collection never ends')
    }
  })
})

describe('an entry that was moved when its site died', () => {
  test.each([keptMove.fromRetired, keptMove.fromKept])('is in one place afterwards (%i)', (move) => {
    const [a, b, c] = makeSessions()
    for (let i = 0; i < 3; i++) update(a, `key${i}`, long('first'))
    const held = c.hold()
    for (let i = 0; i < 3; i++) update(a, `key${i}`, long('second'))
    const { retired, kept, area } = a.engine.context
    if (move === keptMove.fromKept) {
      a.engine.collect()
      expect(kept.length).toBe(3)
    }
    kept.pushHeadOf(move === keptMove.fromKept ? kept : retired)
    a.engine.memory.i32[area + siteArea.keptMove] = move
    expect(b.engine.recoverer.recover(a.engine.context.site.id, 0)).toBe(true)
    expectSound(b.engine, { mayBeOpen: true })
    expect(c.get(held, 'key0')).toBe(long('first'))
    expect(c.commit(held)).toBeUndefined()
    collectAll([b.engine, c.engine])
    expectSound(b.engine)
  })

  test('or before it was moved stays', () => {
    const [a, b, c] = makeSessions()
    update(a, 'key', long('first'))
    const held = c.hold()
    update(a, 'key', long('second'))
    a.engine.collect()
    a.engine.memory.i32[a.engine.context.area + siteArea.keptMove] = keptMove.fromKept
    expect(b.engine.recoverer.recover(a.engine.context.site.id, 0)).toBe(true)
    expectSound(b.engine, { mayBeOpen: true })
    expect(c.get(held, 'key')).toBe(long('first'))
    expect(c.commit(held)).toBeUndefined()
    collectAll([b.engine, c.engine])
    expectSound(b.engine)
  })
})
