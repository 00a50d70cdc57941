import { describe, expect, test } from 'vitest'
import { fifoQueue, growingSet, unorderedQueue } from '../../../src/check/linear/collections.js'
import { checkLinearizable } from '../../../src/check/linear/linearizable.js'
import type { Model } from '../../../src/check/linear/model.js'
import { casRegister, mutex, register } from '../../../src/check/linear/registers.js'
import { historyOf } from '../../../src/history/builder.js'
import { atomicObjects, runObject } from '../../kit/atomicObjects.js'
import { makeRandom } from '../../kit/engineRandom.js'
import { firstUnexplained, hasLinearization } from '../../kit/linearOracle.js'

const models: Readonly<Record<string, () => Model<unknown>>> = {
  register: () => register({ nullReads: 'value' }),
  'cas-register': () => casRegister({ nullReads: 'value' }),
  mutex,
  set: growingSet,
  'fifo-queue': fifoQueue,
  'unordered-queue': unorderedQueue,
}

const factor = Number(process.env['TIDEMARK_TEST_FACTOR'] ?? 1)

describe.each(atomicObjects.map((object) => [object.name, object] as const))(
  'histories of a %s',
  (name, object) => {
    const model = models[name]!

    test('that happened are valid', () => {
      const random = makeRandom()
      const rounds = 150 * factor
      let decided = 0
      for (let round = 0; round < rounds; round += 1) {
        const shape = {
          processes: 1 + random.below(8),
          calls: random.below(120),
          unknowns: random.below(12),
          wrongs: 0,
        }
        const history = historyOf(runObject(object, random, shape))
        const verdict = checkLinearizable(history, { model: model(), memoryBytes: 2 ** 24 })
        // Queues whose dequeues crash are the hard case: nobody knows which elements are gone.
        expect(verdict.valid).toBeOneOf(name === 'fifo-queue' ? [true, 'unknown'] : [true])
        if (verdict.valid === true) decided += 1
      }
      expect(decided).toBeGreaterThan(rounds * 0.9)
    })

    test('with any answers are judged as by trying every order', () => {
      const random = makeRandom()
      const seen = { valid: 0, invalid: 0 }
      for (let round = 0; round < 1200 * factor; round += 1) {
        const shape = { processes: 2 + random.below(3), calls: 1 + random.below(6), unknowns: 15, wrongs: 25 }
        const operations = runObject(object, random, shape)
        const verdict = checkLinearizable(historyOf(operations), { model: model() })
        const expected = hasLinearization(object, operations)
        expect({ operations, valid: verdict.valid }).toEqual({ operations, valid: expected })
        seen[expected ? 'valid' : 'invalid'] += 1
        if (expected || name === 'unordered-queue') continue
        const [anomaly] = verdict.anomalies
        const stuckAt = anomaly?.kind === 'stuck' ? anomaly.blocked[0]?.call.completion?.index : undefined
        expect({ operations, stuckAt }).toEqual({ operations, stuckAt: firstUnexplained(object, operations) })
      }
      expect(seen.valid).toBeGreaterThan(50)
      if (name !== 'mutex') expect(seen.invalid).toBeGreaterThan(50)
    })
  },
)
