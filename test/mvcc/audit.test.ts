import { describe, expect, test } from 'vitest'
import { blockKind, header, siteArea } from '../../src/memory/layout.js'
import type { Engine } from '../../src/mvcc/engine.js'
import { blockHeads, blockRight } from '../../src/mvcc/index/block.js'
import { nodeLatch, tableStructureLatch } from '../../src/mvcc/index/node.js'
import { tupleLeaf, tupleHead } from '../../src/mvcc/tuple.js'
import { audit, expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, Session } from '../kit/engineKit.js'

const keys = Array.from({ length: 500 }, (_, i) => `key${String(i).padStart(4, '0')}`)

/** A store with data, replaced versions that a snapshot still sees, deleted keys, and two sites. */
function makeStore(): { engine: Engine; other: Engine; session: Session } {
  const [engine, other] = makeEngines(2) as [Engine, Engine]
  const session = new Session(engine)
  const second = new Session(other)
  for (const key of keys) session.run((tx) => session.put(tx, key, `value of ${key}`))
  other.begin('optimistic')
  for (const key of keys.slice(0, 100)) second.run((tx) => second.put(tx, key, 'another value'.repeat(9)))
  for (const key of keys.slice(50, 150)) second.run((tx) => second.delete(tx, key))
  return { engine, other, session }
}

const open = { mayBeOpen: true }

test('a store with open snapshots is sound', () => {
  const { engine } = makeStore()
  const found = expectSound(engine, open)
  expect(found.indexes[0]?.tuples).toHaveLength(keys.length)
  expect(found.indexes[0]?.leaves).toBeGreaterThan(5)
})

test('a store whose data is deleted is sound, and small', () => {
  const [engine, other] = makeEngines(2) as [Engine, Engine]
  const session = new Session(engine)
  const empty = engine.usedBytes
  for (const key of keys) session.run((tx) => session.put(tx, key, 'value'))
  for (const key of keys) session.run((tx) => session.delete(tx, key))
  collectAll([engine, other])
  const found = expectSound(engine)
  expect(found.indexes[0]).toMatchObject({ leaves: 1, tuples: [] })
  // The commit list, and the queues' blocks.
  expect(engine.usedBytes - empty).toBeLessThan(4 * 4096)
})

interface Plant {
  readonly name: string
  readonly plant: (engine: Engine) => void
  readonly finds: RegExp
}

function leaves(engine: Engine): number[] {
  const tree = engine.treeOf(1)
  const found: number[] = []
  for (let leaf = tree.firstLeaf(); leaf !== 0; leaf = tree.rightOf(tree.contentsOf(leaf))) found.push(leaf)
  return found
}

function firstTuple(engine: Engine): number {
  const tree = engine.treeOf(1)
  return tree.reader.targetOf(tree.contentsOf(tree.lastLeaf()), 0)
}

function swap(i32: Int32Array, a: number, b: number): void {
  const word = i32[a]!
  i32[a] = i32[b]!
  i32[b] = word
}

/** First word of the targets of a node's contents. */
function targetsOf(engine: Engine, node: number): number {
  const tree = engine.treeOf(1)
  const block = tree.contentsOf(node)
  return (block << 1) + blockHeads + tree.reader.capacityOf(block)
}

const plants: readonly Plant[] = [
  {
    name: 'a leaked block',
    plant: ({ context }) => void context.arena.allocate(blockKind.data, 100),
    finds: /belongs to nobody/,
  },
  {
    name: 'a leaked run',
    plant: ({ context }) => void context.arena.allocate(blockKind.data, 100_000),
    finds: /run at .* belongs to nobody/,
  },
  {
    name: 'a used block that is free',
    plant: (engine) => engine.context.arena.free(firstTuple(engine)),
    finds: /is tuple .*, and free/,
  },
  {
    name: 'a block that is free twice',
    plant: ({ context }) => {
      const block = context.arena.allocate(blockKind.data, 16_000)
      context.arena.free(block)
      const again = context.arena.allocate(blockKind.data, 16_000)
      context.arena.free(again)
      context.arena.free(again)
    },
    finds: /is free at site 1, and at site 1 too/,
  },
  {
    name: 'an owned tuple',
    plant: (engine) => void (engine.memory.i32[firstTuple(engine) << 1]! |= 1),
    finds: /in state 1/,
  },
  {
    name: 'a tuple with the wrong leaf',
    plant: (engine) => void (engine.memory.i32[(firstTuple(engine) << 1) + tupleLeaf] = leaves(engine)[0]!),
    finds: /whose leaf is/,
  },
  {
    name: 'a lost version',
    plant: (engine) => void (engine.memory.i32[(firstTuple(engine) << 1) + tupleHead] = 0),
    finds: /is absent, and nobody looks after it/,
  },
  {
    name: 'a latched leaf',
    plant: (engine) => void (engine.memory.i32[(leaves(engine)[1]! << 1) + nodeLatch] = 1),
    finds: /latched by site 1/,
  },
  {
    name: 'a latched table',
    plant: (engine) => void (engine.memory.i32[engine.catalog.wordOf(1) + tableStructureLatch] = 2),
    finds: /structure latch of table 1 is 2/,
  },
  {
    name: 'a latched pool',
    plant: (engine) => void (engine.memory.i32[header.poolLatch] = 1),
    finds: /poolLatch is 1/,
  },
  {
    name: 'keys out of order',
    plant: (engine) => {
      const targets = targetsOf(engine, leaves(engine)[1]!)
      swap(engine.memory.i32, targets, targets + 1)
    },
    finds: /has 'key.*' before 'key/,
  },
  {
    name: 'a leaf that is skipped',
    plant: (engine) => {
      const [first, , third] = leaves(engine)
      engine.memory.i32[(engine.treeOf(1).contentsOf(first!) << 1) + blockRight] = third!
    },
    finds: /its left sibling ends at/,
  },
  {
    name: 'a parent that leads astray',
    plant: (engine) => {
      const targets = targetsOf(engine, engine.treeOf(1).root)
      swap(engine.memory.i32, targets + 1, targets + 2)
    },
    finds: /which begins at|out of order/,
  },
  {
    name: 'a lost entry of the retired queue',
    plant: (engine) => void engine.memory.i32[engine.memory.siteAreaOf(2) + siteArea.retiredEnds + 1]!++,
    finds: /is replaced, and not retired|belongs to nobody|nobody looks after/,
  },
  {
    name: 'a wrong count of bytes',
    plant: (engine) => void (engine.memory.f64[(engine.context.area + siteArea.usedBytes) >> 1]! += 16),
    finds: /usedBytes is/,
  },
  {
    name: 'a wrong count of tuples',
    plant: (engine) => void engine.memory.i32[engine.context.area + siteArea.tupleCount]!++,
    finds: /tupleCount is/,
  },
  {
    name: 'a forgotten locker',
    plant: (engine) => void engine.begin('locking'),
    finds: /site 1 has a locker/,
  },
  {
    name: 'a block in hand',
    plant: (engine) => void (engine.memory.i32[engine.context.area + siteArea.blockInHand] = 1),
    finds: /blockInHand of site 1/,
  },
]

describe('the audit finds', () => {
  test.each(plants)('$name', ({ plant, finds }) => {
    const { engine } = makeStore()
    plant(engine)
    expect(audit(engine, open).problems.join('\n')).toMatch(finds)
  })

  test('an open transaction, unless it may be open', () => {
    const { engine } = makeStore()
    expect(audit(engine).problems).toEqual(['site 2 has a transaction open'])
  })
})
