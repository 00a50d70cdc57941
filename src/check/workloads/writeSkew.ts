import type { History } from '../../history/history.js'
import { valueText } from '../../history/valueText.js'
import { callsByKey, clientCalls } from '../clientCalls.js'
import { Findings } from '../findings.js'
import { Budget, type CheckOptions } from '../options.js'
import { callText, seenCall } from '../seen.js'
import type { Verdict } from '../verdict.js'

const type = 'G2'

/**
 * Pairs of transactions that each insert a row for a key if there is none yet (`insert`, with a tuple of the
 * key and the row). At most one of a key may succeed: two have both missed the other's row, which is an
 * anti-dependency cycle (Jepsen's test for Adya's G2). Linear time.
 *
 * @throws HistoryFormatError when a value is no tuple
 */
export function checkWriteSkew(history: History, options: CheckOptions = {}): Verdict {
  const budget = new Budget(options)
  const findings = new Findings([type])
  const parts = callsByKey(history, clientCalls(history, ['insert'], 'write-skew'), true)
  let inserted = 0
  let limit: string | undefined
  for (const [number, { key, calls }] of parts.entries()) {
    if (number % 4096 === 0) limit ??= budget.exceeded(0)
    if (limit !== undefined) break
    const succeeded = calls.filter(({ outcome }) => outcome === 'ok')
    inserted += Math.min(1, succeeded.length)
    if (succeeded.length < 2) continue
    findings.add(type, () => {
      const seen = succeeded.map(({ invokedAt }, at) => seenCall(history, invokedAt, `T${at + 1}`))
      return {
        kind: 'evidence',
        type,
        sentence:
          `For key ${valueText(key ?? null)}: ${seen.map(callText).join(' and ')} succeeded, ` +
          'but each inserts only if there is no row yet, so each must have missed what the other inserted.',
        calls: seen,
        ...(key === undefined ? {} : { key }),
      }
    })
  }
  return findings.verdict(history, budget, {
    workload: 'write-skew',
    models: ['serializable'],
    not: ['serializable'],
    stats: { keys: parts.length, inserted },
    unknownBecause: limit ?? (inserted === 0 ? 'no insert succeeded' : undefined),
  })
}
