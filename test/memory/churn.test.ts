import { expect, test, vi } from 'vitest'
import { expectSound } from '../kit/engineAudit.js'
import { collectAll, makeEngines, mebibyte, Session } from '../kit/engineKit.js'
import { makeRandom } from '../kit/engineRandom.js'
import { runThreads, testFactor } from '../kit/engineThreads.js'

vi.setConfig({ testTimeout: 30_000 * Math.max(1, testFactor) })

interface Answer {
  readonly chunks: number[]
  readonly committed: number
}

test('memory stays as it is under updates and deletes from two threads, and is free at last', async () => {
  const random = makeRandom()
  const [engine] = makeEngines(1, { limitBytes: 256 * mebibyte })
  const session = new Session(engine!)
  const clock = new SharedArrayBuffer(64)
  const rounds = 30_000 * testFactor
  const answers = await runThreads<Answer>('churnLoad.mjs', 2, () => ({
    buffer: engine!.memory.buffer,
    clock,
    table: session.table,
    keyCount: 3000,
    rounds,
    seed: random.below(2 ** 31),
  }))
  for (const { chunks, committed } of answers) {
    expect(committed).toBeGreaterThan(6 * rounds)
    // Warm after the third part; later ones take no more but for chance.
    expect(Math.max(...chunks.slice(3))).toBeLessThanOrEqual(chunks[2]! * 1.1 + 4)
  }
  collectAll([engine!])
  expect(session.run((tx) => session.scan(tx))).toEqual([])
  expect(expectSound(engine!).indexes[0]).toMatchObject({ leaves: 1, tuples: [] })
  // The index of an empty table, and each site's commit list and queue.
  expect(engine!.usedBytes).toBeLessThan(64 * 1024)
})
