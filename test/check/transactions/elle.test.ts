import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { boundary } from '../../../src/check/models.js'
import {
  checkTransactions,
  type TransactionOptions,
  type TransactionWorkload,
} from '../../../src/check/transactions/check.js'
import { WorkloadError } from '../../../src/check/transactions/errors.js'
import { anomalyTypes, type Verdict } from '../../../src/check/verdict.js'
import { readHistory } from '../../../src/history/read.js'
import type { History } from '../../../src/history/history.js'
import { root } from '../../source/sources.js'

interface Row {
  readonly file: string
  readonly workload: TransactionWorkload
  readonly models: readonly string[]
  readonly options: readonly string[]
  readonly valid: true | false | 'unknown' | 'error'
  readonly anomalyTypes: readonly string[]
  readonly not: readonly string[]
  readonly alsoNot: readonly string[]
}

const folder = join(root, 'histories/elle')
const rows = readFileSync(join(folder, 'verdicts.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row)

function optionsOf({ workload, models, options }: Row): TransactionOptions {
  return {
    workload,
    models,
    wfrKeys: options.includes('wfr-keys'),
    sequentialKeys: options.includes('sequential-keys'),
    linearizableKeys: options.includes('linearizable-keys'),
  }
}

const files = [...new Set(rows.map(({ file }) => file))]

describe('Elle agrees on', () => {
  test.each(files)('%s', async (file) => {
    const history = await readHistory(join(folder, file))
    for (const row of rows.filter((one) => one.file === file)) {
      const name = `${row.models.join()} ${row.options.join()}`
      if (row.valid === 'error') {
        expect(() => checkTransactions(history, optionsOf(row))).toThrow(WorkloadError)
        continue
      }
      const verdict = checkTransactions(history, optionsOf(row))
      const { valid, not, alsoNot } = verdict
      // Elle says unknown where it gave a search up; ours ends.
      if (row.valid === 'unknown') expect({ name, valid }).toEqual({ name, valid: true })
      else expect({ name, valid, not, alsoNot }).toEqual({ name, ...pick(row) })
      expectTypes(row, verdict)
    }
  })
})

function pick({ valid, not, alsoNot }: Row) {
  return { valid, not, alsoNot }
}

/**
 * Types may differ for three reasons: Elle gave up; Elle says that some cycle exists where we show one; or
 * Elle knows no such type.
 */
function expectTypes(row: Row, verdict: Verdict): void {
  const ours = anomalyTypes(verdict).filter((type) => type !== 'garbage-read')
  const theirs = row.anomalyTypes
  const isVague = theirs.some((type) => /timeout|cycle-exists/.test(type))
  const explained = new Set(differences.get(row.file)?.types)
  const onlyOurs = ours.filter((type) => !theirs.includes(type) && !explained.has(type))
  const onlyTheirs = theirs.filter((type) => !ours.includes(type) && !explained.has(type))
  if (!isVague) expect({ row, onlyOurs, onlyTheirs }).toEqual({ row, onlyOurs: [], onlyTheirs: [] })
  // Whatever Elle has found is ruled out by what we show.
  const implied = boundary(ours)
  const ruledOut = boundary(theirs.filter((type) => !/timeout|cycle-exists/.test(type)))
  expect([...implied.not, ...implied.alsoNot]).toEqual(
    expect.arrayContaining([...ruledOut.not, ...ruledOut.alsoNot]),
  )
}

/** Decision 5 shows the cycles. */
const differences = new Map<string, { readonly types: readonly string[] }>([
  ['rw-register/lost-write-200-s133-rmw.jsonl', { types: ['G-single-item', 'G-nonadjacent-item-realtime'] }],
])

test('EDN and JSON of one history get the same verdict', async () => {
  const edn = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.edn'),
  )
  expect(edn.length).toBeGreaterThan(5)
  for (const file of edn) {
    const [a, b] = await Promise.all([
      readHistory(join(folder, file)),
      readHistory(join(folder, file.replace(/edn$/, 'jsonl'))),
    ])
    expect(verdictOf(a)).toEqual(verdictOf(b))
  }
})

function verdictOf(history: History): unknown {
  try {
    const { valid, not, alsoNot, occurrences } = checkTransactions(history)
    return { valid, not, alsoNot, occurrences }
  } catch (error) {
    if (!(error instanceof WorkloadError)) throw error
    return error.message.replace(/ \(line \d+\)/, '')
  }
}
