import { anomalyTypes, checkTransactions, type Verdict } from 'tidemark/check'
import type { History } from 'tidemark/history'
import { describe, expect, test, vi } from 'vitest'
import { makeRandom } from '../kit/engineRandom.js'
import { testFactor } from '../kit/engineThreads.js'
import { buildEngine, planted, recordLoad } from '../kit/planted.js'
import { plantedBugs } from '../kit/plantedBugs.js'

vi.setConfig({ testTimeout: 120_000 * Math.max(1, testFactor) })

function check(history: History): Verdict {
  return checkTransactions(history, { workload: 'list-append', models: ['strict-serializable'] })
}

/** Plays until the checker objects: a seed that finds nothing says little, several that do a lot. */
const roundsMax = 30
const plays = Math.ceil(200 * testFactor)
/** Some bugs make the engine go round in circles: what was seen until then is enough. */
const limitMs = 5000 * Math.max(1, testFactor)

describe('on the engine as it is, the checker finds nothing', () => {
  test('when transactions are stopped at any step', async () => {
    const { seed } = makeRandom()
    const dist = buildEngine('sound')
    const verdict = check(await recordLoad({ dist, seed, plays: 2 * plays, threads: 0, limitMs }))
    expect(anomalyTypes(verdict)).toEqual([])
    expect(verdict.valid).toBe(true)
    expect(verdict.counts.ok).toBeGreaterThan(2 * plays)
  })

  test('when threads meet by chance', async () => {
    const { seed } = makeRandom()
    const dist = buildEngine('sound threads')
    const verdict = check(await recordLoad({ dist, seed, plays: 5 * plays, threads: 2, limitMs }))
    expect(anomalyTypes(verdict)).toEqual([])
    expect(verdict.valid).toBe(true)
    expect(verdict.counts.ok).toBeGreaterThan(5 * plays)
  })
})

describe('the checker finds a bug planted in the engine:', () => {
  test.each(plantedBugs.map((bug) => [bug.name, bug] as const))('%s', async (name, bug) => {
    const random = makeRandom()
    const dist = buildEngine(name, bug)
    let verdict: Verdict | undefined
    for (let round = 0; round < roundsMax && verdict?.valid !== false; round++)
      verdict = check(await recordLoad({ dist, seed: random.below(2 ** 31), plays, threads: 0, limitMs }))
    expect(verdict?.valid).toBe(false)
    expect(verdict?.anomalies[0]?.sentence).not.toBe('')
  })
})

describe('by chance, between threads alone, it finds', () => {
  const easy = [2, 3, 6, 9]
  test.each(easy.map((at) => [plantedBugs[at]!.name, plantedBugs[at]!] as const))('%s', async (name, bug) => {
    const random = makeRandom()
    const dist = buildEngine(`${name} threads`, bug)
    let verdict: Verdict | undefined
    for (let round = 0; round < roundsMax && verdict?.valid !== false; round++) {
      const load = { dist, seed: random.below(2 ** 31), plays: 4 * plays, threads: 2, limitMs }
      verdict = check(await recordLoad(load))
    }
    expect(verdict?.valid).toBe(false)
  })
})

test('a bug whose place has changed fails, and says so', () => {
  const bug = { name: 'n', file: 'a.js', find: 'twice', replace: '' }
  expect(() => planted('twice and twice', bug)).toThrow("the bug 'n' has no place: a.js has its text 2 times")
  expect(() => planted('never', bug)).toThrow('0 times, not once')
  expect(planted('once', { ...bug, find: 'once', replace: '$&' })).toBe('$&')
})
