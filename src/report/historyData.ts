import type { SeenCall } from '../check/verdict.js'
import { type History, typeFail, typeInvoke, typeOk } from '../history/history.js'
import { callLine } from './callText.js'
import { printable } from './html.js'

/** A history as the script of the page gets it. Calls are arrays, because a page may hold many thousand. */
export interface HistoryData {
  readonly processes: readonly string[]
  /** Whether places on the time axis are nanoseconds since the first; else they are positions. */
  readonly hasTime: boolean
  /** Calls in the history; the page may hold fewer. */
  readonly total: number
  readonly calls: readonly CallRow[]
}

/**
 * Outcomes are 0 ok, 1 failed, 2 unknown; `to` is -1 while the call may still happen; lines that nobody knows
 * are 0; the anomalies that speak of the call are named by the ids of their elements.
 */
export type CallRow = readonly [
  index: number,
  line: number,
  process: number,
  outcome: number,
  from: number,
  to: number,
  completionLine: number,
  text: string,
  anomalies: readonly string[],
]

/** Beyond these a page takes too long to open; what is left out is far from every anomaly. */
export const callsPerPage = 20_000
const textLength = 240

export function historyData(
  history: History,
  involved: ReadonlyMap<number, readonly string[]>,
  limit: number,
): HistoryData {
  const { columns } = history
  const positions: number[] = []
  for (let position = 0; position < history.size; position += 1) {
    if (columns.types.data[position] === typeInvoke && !history.isNemesis(position)) positions.push(position)
  }
  const { times } = columns
  const hasTime = positions.every((position) => !Number.isNaN(times.data[position]!))
  const start = hasTime && positions.length > 0 ? times.data[positions[0]!]! : 0
  const timeOf = (position: number): number => (hasTime ? times.data[position]! - start : position)
  const chosen = nearest(positions, (position) => involved.has(columns.indexes.data[position]!), limit)
  return {
    processes: columns.processNames.map((name) => printable(String(name))),
    hasTime,
    total: positions.length,
    calls: chosen.map((position) => {
      const partner = history.partner(position)
      const outcome = partner < 0 ? -1 : columns.types.data[partner]!
      const index = columns.indexes.data[position]!
      return [
        index,
        columns.lines.data[position]!,
        columns.processes.data[position]!,
        outcome === typeOk ? 0 : outcome === typeFail ? 1 : 2,
        timeOf(position),
        outcome === typeOk || outcome === typeFail ? timeOf(partner) : -1,
        partner < 0 ? 0 : columns.lines.data[partner]!,
        lineOf(history, position, partner),
        involved.get(index) ?? [],
      ]
    }),
  }
}

function lineOf(history: History, position: number, partner: number): string {
  const { f } = history.operation(position)
  const answered = partner >= 0 && history.type(partner) === 'ok'
  return printable(callLine(f, history.value(answered ? partner : position), textLength))
}

/** All when there is room, else those nearest to the marked ones, in the order they had. */
function nearest(
  positions: readonly number[],
  isMarked: (position: number) => boolean,
  limit: number,
): number[] {
  if (positions.length <= limit) return [...positions]
  const distances = new Float64Array(positions.length)
  let since = Number.POSITIVE_INFINITY
  positions.forEach((position, i) => {
    since = isMarked(position) ? 0 : since + 1
    distances[i] = since
  })
  since = Number.POSITIVE_INFINITY
  for (let i = positions.length - 1; i >= 0; i -= 1) {
    since = distances[i] === 0 ? 0 : since + 1
    distances[i] = Math.min(distances[i]!, since)
  }
  const border = distances.toSorted()[limit - 1]!
  let room = limit - distances.filter((distance) => distance < border).length
  return positions.filter((_, i) => distances[i]! < border || (distances[i] === border && (room -= 1) >= 0))
}

/** Which anomalies speak of a call, by the index of its invocation. */
export function involvedCalls(
  stories: readonly { id: string; calls: readonly SeenCall[] }[],
): Map<number, string[]> {
  const involved = new Map<number, string[]>()
  for (const { id, calls } of stories) {
    for (const index of new Set(calls.map(({ invocation }) => invocation.index))) {
      involved.set(index, [...(involved.get(index) ?? []), id])
    }
  }
  return involved
}
