import type { Anomaly, SeenCall, Verdict } from '../../src/check/verdict.js'
import type { NewOperation, Value } from '../../src/history/operation.js'

/** Texts that end what they stand in, run, load, or turn a line around, if anything lets them. */
export const hostileTexts: readonly string[] = [
  `</script><script>window.hacked = 1</script>`,
  `<img src=x onerror="window.hacked = 1">`,
  `"><svg onload=window.hacked=1>`,
  `' onfocus='window.hacked=1' autofocus='`,
  `]]><!-- \u202Egnp.exe \u2028 \u001B[31m \u0000 \uD800`,
  '${window.hacked = 1}',
]

const all: Value = hostileTexts.map((text, i) => ['append', text, i])

function call(label: string, index: number): SeenCall {
  return {
    label,
    process: index % 4,
    f: 'txn',
    value: all,
    invocation: { index, type: 'invoke', line: index + 1 },
    completion: { index: index + 2, type: 'ok', line: index + 3 },
  }
}

const anomalies: readonly Anomaly[] = hostileTexts.flatMap((text): Anomaly[] => [
  {
    kind: 'cycle',
    type: 'G2-item',
    sentence: text,
    steps: [
      { transaction: call('T1', 0), edge: { kind: 'rw', sentence: text, key: text, value: text } },
      { transaction: call('T2', 1), edge: { kind: 'realtime', sentence: text } },
    ],
  },
  { kind: 'evidence', type: text, sentence: text, calls: [call(text, 0)], key: text, values: [text] },
  {
    kind: 'stuck',
    type: 'nonlinearizable',
    sentence: text,
    key: text,
    placed: [call('T1', 0)],
    blocked: [{ call: call('T2', 1), sentence: text }],
  },
])

export const hostileVerdict: Verdict = {
  file: hostileTexts.join('/'),
  workload: hostileTexts[0]!,
  models: hostileTexts,
  valid: false,
  anomalies,
  occurrences: [...new Set(anomalies.map(({ type }) => type))].map((type) => ({ type, count: 1 })),
  not: hostileTexts,
  alsoNot: hostileTexts,
  counts: { calls: 2, ok: 2, failed: 0, unknown: 0 },
  stats: {},
  notes: hostileTexts,
  seconds: 0.01,
}

export const hostileOperations: readonly NewOperation[] = [
  { type: 'invoke', process: 0, f: 'txn', value: all },
  { type: 'invoke', process: 1, f: 'txn', value: all },
  { type: 'ok', process: 0, f: 'txn', value: all },
  { type: 'ok', process: 1, f: 'txn', value: all },
]
