import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Verdict } from '../../../src/check/verdict.js'
import { workloadCheckers } from '../../../src/check/workloads/registry.js'
import { parseHistory } from '../../../src/history/read.js'
import { root } from '../../source/sources.js'

interface Row {
  readonly file: string
  readonly model: string
  readonly valid: boolean | 'unknown'
  readonly op_index?: number
}

const folder = join(root, 'histories/knossos')
const rows = readFileSync(join(folder, 'verdicts.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row)

function judge(file: string, model: string): Verdict {
  return workloadCheckers[model]!(parseHistory(readFileSync(join(folder, file), 'utf8')), {})
}

/** The index of the operation that no order explains. */
function stuckAt({ anomalies: [anomaly] }: Verdict): number | undefined {
  return anomaly?.kind === 'stuck' ? anomaly.blocked[0]?.call.completion?.index : undefined
}

describe('Knossos agrees on', () => {
  test.each(rows.filter(({ valid }) => valid !== 'unknown'))('$file', ({ file, model, valid, op_index }) => {
    const verdict = judge(file, model)
    expect({ valid: verdict.valid, op_index: stuckAt(verdict) }).toEqual({ valid, op_index })
  })
})

test('what Knossos gave up is decided', () => {
  const givenUp = rows.filter(({ valid }) => valid === 'unknown')
  expect(givenUp.map(({ file }) => file)).toEqual(['register-two-heads-90-s17.jsonl'])
  const verdict = judge(givenUp[0]!.file, givenUp[0]!.model)
  expect({ valid: verdict.valid, op_index: stuckAt(verdict) }).toEqual({ valid: false, op_index: 79 })
})

test.each(['register-stale-60-s9', 'cas-register-phantom-cas-40-s29', 'register-ok-60-s6'])(
  '%s has the same verdict as EDN and as JSON lines',
  (name) => {
    const model = name.startsWith('cas') ? 'cas-register' : 'register'
    const [edn, json] = [judge(`${name}.edn`, model), judge(`${name}.jsonl`, model)]
    expect({ valid: edn.valid, at: stuckAt(edn), counts: edn.counts }).toEqual({
      valid: json.valid,
      at: stuckAt(json),
      counts: json.counts,
    })
  },
)

test('a read of null is unknown, as in Knossos, unless null is said to be a value', () => {
  const history = parseHistory(readFileSync(join(folder, 'register-stale-150-s10.jsonl'), 'utf8'))
  expect(stuckAt(workloadCheckers['register']!(history, {}))).toBe(24)
  expect(stuckAt(workloadCheckers['register']!(history, { nullReads: 'value' }))).toBe(12)
})

test('a note says when only reads of null make a history valid', () => {
  const lines = [
    '{"type":"invoke","process":0,"f":"write","value":1}',
    '{"type":"ok","process":0,"f":"write","value":1}',
    '{"type":"invoke","process":0,"f":"read","value":null}',
    '{"type":"ok","process":0,"f":"read","value":null}',
  ]
  const verdict = workloadCheckers['register']!(parseHistory(lines.join('\n')), {})
  expect(verdict.valid).toBe(true)
  expect(verdict.notes).toEqual([expect.stringMatching(/nullReads: 'value'.*not linearizable.*operation 3/)])
  const strict = workloadCheckers['register']!(parseHistory(lines.join('\n')), { nullReads: 'value' })
  expect(strict.valid).toBe(false)
})
