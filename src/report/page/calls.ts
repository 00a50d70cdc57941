import type { CallRow, HistoryData } from '../historyData.js'

/** One call of the history. */
export interface Call {
  readonly place: number
  readonly index: number
  readonly line: number
  readonly process: number
  readonly outcome: 'ok' | 'failed' | 'unknown'
  readonly from: number
  /** Infinite when it may still happen. */
  readonly to: number
  readonly completionLine: number
  readonly text: string
  readonly anomalies: readonly string[]
}

export interface Calls {
  readonly processes: readonly string[]
  readonly hasTime: boolean
  /** In the order of their invocations. */
  readonly all: readonly Call[]
  readonly end: number
}

const outcomes = ['ok', 'failed', 'unknown'] as const

export function callsOf(data: HistoryData): Calls {
  const all = data.calls.map(callOf)
  const ends = all.map(({ from, to }) => (Number.isFinite(to) ? to : from))
  const end = ends.reduce((most, at) => Math.max(most, at), 0)
  return { processes: data.processes, hasTime: data.hasTime, all, end: end > 0 ? end : 1 }
}

function callOf(row: CallRow, place: number): Call {
  const [index, line, process, outcome, from, to, completionLine, text, anomalies] = row
  const known = { place, index, line, process, from, completionLine, text, anomalies }
  return { ...known, outcome: outcomes[outcome] ?? 'unknown', to: to < 0 ? Number.POSITIVE_INFINITY : to }
}

/** `12–20`: where the call stands in the file, or its index in a history that came from no file. */
export function placeOf({ line, completionLine, index }: Call): string {
  if (line === 0) return `#${index}`
  return completionLine === 0 ? String(line) : `${line}–${completionLine}`
}

/** What a search for words, `process 3`, `line 12` or `index 7` finds. All of it must be true of a call. */
export function searchOf(query: string, processes: readonly string[]): (call: Call) => boolean {
  const tests: ((call: Call) => boolean)[] = []
  const words = query
    .toLowerCase()
    .replaceAll(/\b(process|line|index)\s+(\S+)/g, (_, field: string, value: string) => {
      const number = Number(value)
      if (field === 'process') tests.push(({ process }) => processes[process]?.toLowerCase() === value)
      else if (field === 'line')
        tests.push(({ line, completionLine }) => line === number || completionLine === number)
      else tests.push(({ index }) => index === number)
      return ' '
    })
  const text = words.trim().replaceAll(/\s+/g, ' ')
  if (text !== '') tests.push((call) => call.text.toLowerCase().includes(text))
  return (call) => tests.every((test) => test(call))
}

/** Nanoseconds in the unit that suits them; positions as they are. */
export function timeText(value: number, hasTime: boolean): string {
  if (!hasTime) return `operation ${Math.round(value)}`
  const units = ['ns', 'µs', 'ms', 's'] as const
  const power = Math.max(0, Math.min(3, Math.floor(Math.log10(Math.max(1, Math.abs(value))) / 3)))
  return `${Number((value / 1000 ** power).toPrecision(4))} ${units[power]}`
}
