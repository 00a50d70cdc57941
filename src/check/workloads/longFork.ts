import type { History } from '../../history/history.js'
import type { Value } from '../../history/operation.js'
import { isList, valueText } from '../../history/valueText.js'
import { type ClientCall, clientCalls, formatError, valuePosition } from '../clientCalls.js'
import { Findings } from '../findings.js'
import { Budget, type CheckOptions } from '../options.js'
import { callText, seenCall, shortText } from '../seen.js'
import type { Verdict } from '../verdict.js'

const longFork = 'long-fork'
/** Worst first. */
const types = ['unexpected-read', longFork]

interface Write {
  readonly call: ClientCall
  readonly value: string
}

/** A read of a group of keys: which of them had been written. */
interface GroupRead {
  readonly call: ClientCall
  readonly written: ReadonlySet<string>
}

/**
 * Transactions (`txn`) that either write one key, or read a group of keys. Each key is written once, so the
 * reads of a group must form a chain, each finding all that a smaller one found. Two that do not are a long
 * fork: they saw two writes in opposite orders, as parallel snapshot isolation allows and snapshot isolation
 * does not. Time linear in what was read, but for a logarithm.
 *
 * @throws HistoryFormatError when a transaction is neither, or a key is written twice
 */
export function checkLongFork(history: History, options: CheckOptions = {}): Verdict {
  const budget = new Budget(options)
  const findings = new Findings(types)
  const calls = clientCalls(history, ['txn'], longFork)
  const writes = writesOf(history, calls)
  const groups = groupsOf(history, calls, { writes, findings })
  let limit: string | undefined
  for (const reads of groups.values()) {
    limit ??= budget.exceeded(0)
    if (limit === undefined) findForks(history, reads, findings)
  }
  return findings.verdict(history, budget, {
    workload: longFork,
    models: ['snapshot-isolation'],
    not: ['snapshot-isolation'],
    stats: { groups: groups.size, writes: writes.size },
    unknownBecause: limit ?? (groups.size === 0 ? 'no read of a group succeeded' : undefined),
  })
}

type Micro = readonly [f: string, key: Value, value: Value]

function microsOf(history: History, call: ClientCall): readonly Micro[] {
  const { value } = call
  const isTransaction =
    isList(value) && value.length > 0 && value.every((micro) => isList(micro) && micro.length === 3)
  const micros = isTransaction ? (value as readonly Micro[]) : []
  const isWrite = micros.length === 1 && micros[0]?.[0] === 'w'
  if (isTransaction && (isWrite || micros.every(([f]) => f === 'r'))) return micros
  const expected = 'a transaction of one write, or of reads'
  throw formatError(history, valuePosition(call), expected, shortText(valueText(value)))
}

function writesOf(history: History, calls: readonly ClientCall[]): Map<string, Write> {
  const writes = new Map<string, Write>()
  for (const call of calls) {
    const [micro] = microsOf(history, call)
    if (micro?.[0] !== 'w') continue
    const key = valueText(micro[1])
    if (writes.has(key)) {
      throw formatError(history, call.invokedAt, 'each key to be written once', `another write of ${key}`)
    }
    writes.set(key, { call, value: valueText(micro[2]) })
  }
  return writes
}

/** Successful reads by the keys they are of. */
function groupsOf(
  history: History,
  calls: readonly ClientCall[],
  { writes, findings }: { readonly writes: ReadonlyMap<string, Write>; readonly findings: Findings },
): Map<string, GroupRead[]> {
  const groups = new Map<string, GroupRead[]>()
  for (const call of calls) {
    if (call.outcome !== 'ok') continue
    const micros = microsOf(history, call)
    if (micros[0]?.[0] !== 'r') continue
    for (const micro of micros) checkValue(history, { call, micro, writes, findings })
    const keys = micros.map(([, key]) => valueText(key))
    const written = new Set(micros.flatMap(([, , value], at) => (value === null ? [] : [keys[at]!])))
    const group = [...new Set(keys)].sort().join(' ')
    const reads = groups.get(group)
    if (reads === undefined) groups.set(group, [{ call, written }])
    else reads.push({ call, written })
  }
  return groups
}

/** A read finds what was written, and nothing that certainly was not. */
function checkValue(
  history: History,
  found: {
    readonly call: ClientCall
    readonly micro: Micro
    readonly writes: ReadonlyMap<string, Write>
    readonly findings: Findings
  },
): void {
  const [, key, value] = found.micro
  if (value === null) return
  const write = found.writes.get(valueText(key))
  const isSame = write?.value === valueText(value)
  if (isSame && write.call.outcome !== 'fail') return
  found.findings.add('unexpected-read', () => {
    const read = seenCall(history, found.call.invokedAt, 'T1')
    const why = isSame ? 'whose write failed' : 'which nobody wrote there'
    return {
      kind: 'evidence',
      type: 'unexpected-read',
      sentence: `${callText(read)} found ${valueText(value)} at key ${valueText(key)}, ${why}.`,
      calls: [read],
      key,
      values: [value],
    }
  })
}

/** In a chain, sorted by size, each read holds the one before. So each break of the chain is a fork. */
function findForks(history: History, reads: readonly GroupRead[], findings: Findings): void {
  const sorted = [...reads].sort((a, b) => a.written.size - b.written.size)
  for (const [at, larger] of sorted.entries()) {
    const smaller = sorted[at - 1]
    if (smaller === undefined) continue
    const missed = [...smaller.written].find((key) => !larger.written.has(key))
    if (missed === undefined) continue
    const found = [...larger.written].find((key) => !smaller.written.has(key))!
    findings.add(longFork, () => {
      const calls = [smaller, larger].map(({ call }, number) =>
        seenCall(history, call.invokedAt, `T${number + 1}`),
      )
      const [one, other] = calls.map(callText)
      return {
        kind: 'evidence',
        type: longFork,
        sentence:
          `${one} found the write of key ${missed} and not that of ${found}, ${other} the reverse. ` +
          'So each of these writes must have come before the other.',
        calls,
      }
    })
  }
}
