import type { History } from '../../history/history.js'
import type { Value } from '../../history/operation.js'
import { isList, valueText } from '../../history/valueText.js'
import { type ClientCall, clientCalls, formatError, isPair, valuePosition } from '../clientCalls.js'
import { Findings } from '../findings.js'
import { Budget, type CheckOptions } from '../options.js'
import { callText, seenCall, shortText } from '../seen.js'
import type { EvidenceAnomaly, SeenCall, Verdict } from '../verdict.js'

export interface BankOptions extends CheckOptions {
  /** The sum of all balances, which no transfer changes. Default: that of the first read. */
  readonly total?: number | bigint
  /** The accounts there are. Default: those of the first read. */
  readonly accounts?: readonly Value[]
  /** Whether a balance may be below 0. Default false. */
  readonly negativeBalances?: boolean
}

type Amount = number | bigint
type Balances = readonly (readonly [Value, Value])[]

interface Bank {
  readonly total: Amount
  readonly accounts: ReadonlySet<string>
  readonly negativeBalances: boolean
}

/** Worst first; the names are Jepsen's. */
const types = ['unexpected-key', 'nil-balance', 'wrong-total', 'negative-value']

/**
 * Money moves between accounts (`transfer`), and each `read` of all accounts must find all of it. The value
 * of a read is a map of balances, or a list of pairs. Linear time.
 *
 * @throws HistoryFormatError when a read is no map of balances
 */
export function checkBank(history: History, options: BankOptions = {}): Verdict {
  const budget = new Budget(options)
  const findings = new Findings(types)
  const reads = clientCalls(history, ['read', 'transfer'], 'bank')
    .filter(({ f, outcome }) => f === 'read' && outcome === 'ok')
    .map((call) => ({ call, balances: balancesOf(history, call) }))
  const bank = bankOf(reads[0]?.balances ?? [], options)
  let limit: string | undefined
  for (const [number, { call, balances }] of reads.entries()) {
    if (number % 4096 === 0) limit ??= budget.exceeded(0)
    if (limit !== undefined) break
    const problem = problemOf(balances, bank)
    if (problem !== undefined) findings.add(problem.type, () => evidence(history, call, problem))
  }
  return findings.verdict(history, budget, {
    workload: 'bank',
    models: ['snapshot-isolation'],
    not: ['snapshot-isolation'],
    stats: { reads: reads.length },
    notes:
      options.total === undefined && reads.length > 0
        ? [`The total of the first read, ${bank.total}, is taken to be right.`]
        : [],
    unknownBecause: limit ?? (reads.length === 0 ? 'no read of the accounts succeeded' : undefined),
  })
}

function balancesOf(history: History, call: ClientCall): Balances {
  const { value } = call
  if (value instanceof Map) return [...(value as ReadonlyMap<Value, Value>)]
  if (isList(value) && value.every(isPair)) return value
  const expected = 'a map of accounts and balances as the value of read'
  throw formatError(history, valuePosition(call), expected, shortText(valueText(value)))
}

function bankOf(first: Balances, { total, accounts, negativeBalances }: BankOptions): Bank {
  return {
    total: total ?? sumOf(first),
    accounts: new Set((accounts ?? first.map(([account]) => account)).map(valueText)),
    negativeBalances: negativeBalances ?? false,
  }
}

interface Problem {
  readonly type: string
  readonly values: readonly Value[]
  readonly sentence: (call: SeenCall) => string
}

function problemOf(balances: Balances, bank: Bank): Problem | undefined {
  const unexpected = balances.flatMap(([account]) => (bank.accounts.has(valueText(account)) ? [] : [account]))
  if (unexpected.length > 0) {
    const names = shortText(unexpected.map(valueText).join(', '))
    return {
      type: 'unexpected-key',
      values: unexpected,
      sentence: (call) => `${callText(call)} found accounts that there are not: ${names}.`,
    }
  }
  const missing = balances.filter(([, balance]) => !isAmount(balance))
  if (missing.length > 0) {
    const names = shortText(missing.map(([account]) => valueText(account)).join(', '))
    return {
      type: 'nil-balance',
      values: missing.map(([account]) => account),
      sentence: (call) => `${callText(call)} found accounts without a balance: ${names}.`,
    }
  }
  const sum = sumOf(balances)
  if (String(sum) !== String(bank.total)) {
    return {
      type: 'wrong-total',
      values: [sum, bank.total],
      sentence: (call) =>
        `${callText(call)} found ${sum} in all accounts together, but transfers keep the total ${bank.total}.`,
    }
  }
  const negative = bank.negativeBalances
    ? []
    : balances.filter(([, balance]) => isAmount(balance) && balance < 0)
  if (negative.length === 0) return undefined
  const names = shortText(
    negative.map(([account, balance]) => `${valueText(account)}: ${valueText(balance)}`).join(', '),
  )
  return {
    type: 'negative-value',
    values: negative.map(([account]) => account),
    sentence: (call) => `${callText(call)} found accounts below 0, which no transfer may leave: ${names}.`,
  }
}

function evidence(history: History, { invokedAt }: ClientCall, problem: Problem): EvidenceAnomaly {
  const call = seenCall(history, invokedAt, 'T1')
  const { type, values } = problem
  return { kind: 'evidence', type, sentence: problem.sentence(call), calls: [call], values }
}

/** Exact when amounts are whole numbers and fit a double, or all of them are whole. */
function sumOf(balances: Balances): Amount {
  const amounts = balances.flatMap(([, balance]) => (isAmount(balance) ? [balance] : []))
  if (amounts.every((amount) => typeof amount === 'number')) return amounts.reduce((a, b) => a + b, 0)
  return amounts.reduce((sum: bigint, amount) => sum + BigInt(amount), 0n)
}

function isAmount(value: Value): value is Amount {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))
}
