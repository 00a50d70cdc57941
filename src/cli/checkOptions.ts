import { parseArgs } from 'node:util'
import type { ArgsDef } from 'citty'
import { type CheckHistoryOptions, workloadNames } from '../check/checkHistory.js'
import { modelNames } from '../check/models.js'
import { type HistoryFormat, historyFormats } from '../history/read.js'

/** The command line cannot be followed; the message says why, and what would do. */
export class CheckUsageError extends Error {
  override readonly name = 'CheckUsageError'
}

/** As citty's help shows them; `readCheckOptions` reads them, more strictly than citty would. */
export const checkArguments: ArgsDef = {
  FILE: {
    type: 'positional',
    required: false,
    description: 'Histories, as JSON lines or EDN',
    valueHint: 'FILE...',
  },
  workload: text('NAME', 'What the clients did; by default guessed'),
  model: text('NAME,...', 'Consistency models (strict-serializable)'),
  json: { type: 'boolean', description: 'One line of JSON for each file' },
  html: text('OUT', 'Write the stories as one HTML page, too'),
  'wfr-keys': { type: 'boolean', description: 'Registers: writes follow reads in transactions' },
  'sequential-keys': { type: 'boolean', description: 'Registers: each key is sequentially consistent' },
  'linearizable-keys': { type: 'boolean', description: 'Registers: each key is linearizable' },
  format: text('FORMAT', 'json or edn; by default from name or content'),
  anomalies: text('N', 'Cases told of each type (1), or all'),
  'max-time': text('SECONDS', 'Then the verdict is unknown (60)'),
}

function text(
  valueHint: string,
  description: string,
): { type: 'string'; valueHint: string; description: string } {
  return { type: 'string', valueHint, description }
}

export interface CheckRequest {
  readonly files: readonly string[]
  readonly isJson: boolean
  readonly html: string | undefined
  readonly format: HistoryFormat | undefined
  readonly casesPerType: number
  readonly options: CheckHistoryOptions
}

/** @throws CheckUsageError */
export function readCheckOptions(rawArgs: readonly string[]): CheckRequest {
  const { values, positionals } = parsed(rawArgs)
  if (positionals.length === 0) throw new CheckUsageError('name at least one file with a history')
  const { workload, format } = values
  if (workload !== undefined) requireOneOf('workload', workload, workloadNames)
  if (format !== undefined) requireOneOf('format', format, historyFormats)
  const models = values.model?.flatMap((list) => list.split(',').map((name) => name.trim()))
  for (const model of models ?? []) requireOneOf('model', model, modelNames)
  if (values.html === '') throw new CheckUsageError('--html needs the name of a file to write')
  const seconds = values['max-time'] === undefined ? undefined : positive('max-time', values['max-time'])
  return {
    files: positionals,
    isJson: values.json ?? false,
    html: values.html,
    format: format as HistoryFormat | undefined,
    casesPerType: casesOf(values.anomalies ?? '1'),
    options: {
      ...(workload === undefined ? {} : { workload }),
      ...(models === undefined ? {} : { models }),
      ...(seconds === undefined ? {} : { timeMs: seconds * 1000 }),
      wfrKeys: values['wfr-keys'] ?? false,
      sequentialKeys: values['sequential-keys'] ?? false,
      linearizableKeys: values['linearizable-keys'] ?? false,
    },
  }
}

const parserOptions = {
  workload: { type: 'string' },
  model: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  html: { type: 'string' },
  'wfr-keys': { type: 'boolean' },
  'sequential-keys': { type: 'boolean' },
  'linearizable-keys': { type: 'boolean' },
  format: { type: 'string' },
  anomalies: { type: 'string' },
  'max-time': { type: 'string' },
} as const

type Parsed = ReturnType<typeof parseArgs<{ options: typeof parserOptions; allowPositionals: true }>>

function parsed(rawArgs: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...rawArgs], options: parserOptions, allowPositionals: true })
  } catch (error) {
    // Its messages end with advice about positional arguments that start with a dash.
    if (!(error instanceof TypeError)) throw error
    throw new CheckUsageError(error.message.split('. ')[0], { cause: error })
  }
}

function requireOneOf(option: string, given: string, names: readonly string[]): void {
  if (names.includes(given)) return
  throw new CheckUsageError(`--${option} '${given}' is not known; there are: ${names.join(', ')}`)
}

function casesOf(given: string): number {
  return given === 'all' ? Number.POSITIVE_INFINITY : Math.floor(positive('anomalies', given))
}

function positive(option: string, given: string): number {
  const number = /^(\d+\.?\d*|\.\d+)$/.test(given) ? Number(given) : Number.NaN
  if (number > 0 && Number.isFinite(number)) return number
  throw new CheckUsageError(`--${option} must be a positive number, not '${given}'`)
}
