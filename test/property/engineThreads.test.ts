import { expect, test, vi } from 'vitest'
import { expectSound } from '../kit/engineAudit.js'
import { checkHistory, type Committed, finalState } from '../kit/engineHistory.js'
import { collectAll, makeEngines, Session } from '../kit/engineKit.js'
import { makeRandom } from '../kit/engineRandom.js'
import { runThreads, testFactor } from '../kit/engineThreads.js'

vi.setConfig({ testTimeout: 30_000 * Math.max(1, testFactor) })

interface Answer {
  readonly history: Committed[]
  readonly aborts: Record<string, number>
}

const loads = [
  { name: 'optimistic transactions over few keys', keyCount: 8, lockingShare: 0, transactions: 6000 },
  {
    name: 'optimistic and locking transactions over few keys',
    keyCount: 8,
    lockingShare: 40,
    transactions: 2500,
  },
  {
    name: 'mostly optimistic transactions over some leaves',
    keyCount: 300,
    lockingShare: 5,
    transactions: 6000,
  },
]

test.each(loads.map((load) => [load.name, load] as const))(
  '%s, of real threads, are strictly serializable',
  async (_, load) => {
    const random = makeRandom()
    const [engine] = makeEngines(1)
    const session = new Session(engine!)
    const clock = new SharedArrayBuffer(12)
    const answers = await runThreads<Answer>('engineLoad.mjs', 2, () => ({
      ...load,
      buffer: engine!.memory.buffer,
      clock,
      table: session.table,
      transactions: load.transactions * testFactor,
      seed: random.below(2 ** 31),
    }))
    const history = answers.flatMap((answer) => answer.history)
    expect(checkHistory(history).slice(0, 5)).toEqual([])
    expect(history.length).toBeGreaterThan(load.transactions)
    // The threads have met: otherwise nothing was tried.
    expect(answers.flatMap(({ aborts }) => Object.keys(aborts))).not.toEqual([])
    expect(session.run((tx) => session.scan(tx))).toEqual(finalState(history))
    collectAll([engine!])
    expectSound(engine!)
    expect(checkHistory(withOneLie(history))).not.toEqual([])
  },
)

/** The history, but one transaction says that it has read something else. */
function withOneLie(history: readonly Committed[]): Committed[] {
  const at = Math.floor(history.length / 2)
  const liar = history.findIndex(({ events }, i) => i >= at && events.some(([kind]) => kind === 'get'))
  return history.map((transaction, i) =>
    i === liar
      ? {
          ...transaction,
          events: transaction.events.map((e) => (e[0] === 'get' ? ['get', e[1], 'a lie'] : e)),
        }
      : transaction,
  )
}
