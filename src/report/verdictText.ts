import type { Anomaly, SeenCall, Validity, Verdict } from '../check/verdict.js'
import { valueText } from '../history/valueText.js'
import { callsOf } from './anomalyArticle.js'
import { callSteps, outcomeText, placeText, shortened } from './callText.js'
import { groupedText } from './chartScale.js'
import { printable } from './html.js'
import { summaryText } from './verdictPage.js'

/** What of a text is made to stand out, where anybody sees it. */
export type Tone = 'good' | 'bad' | 'unsure' | 'strong' | 'dim' | 'key'

export interface TextOptions {
  /** Where lines are wrapped. */
  readonly columns: number
  /** Cases told of each type of anomaly. */
  readonly casesPerType: number
  readonly tone: (tone: Tone, text: string) => string
}

const marks = { true: 'good', false: 'bad', unknown: 'unsure' } as const
const words: Readonly<Record<'true' | 'false' | 'unknown', string>> = {
  true: 'VALID',
  false: 'INVALID',
  unknown: 'UNKNOWN',
}

/** A verdict for a terminal: what it is, what it rules out, and the story of each kind of anomaly. */
export function verdictText(verdict: Verdict, options: TextOptions): string {
  const { tone, columns } = options
  const wrapped = (text: string, by = '  '): string => indented(printable(text), by, columns)
  const { counts } = verdict
  const parts = [
    `${word(verdict.valid, tone)}  ${tone('strong', printable(verdict.file ?? 'history'))}`,
    wrapped(summaryText(verdict)),
    tone(
      'dim',
      wrapped(
        `${verdict.workload}, ${groupedText(counts.calls)} calls: ${groupedText(counts.ok)} ok, ` +
          `${groupedText(counts.failed)} failed, ${groupedText(counts.unknown)} unknown; ` +
          `checked in ${verdict.seconds.toPrecision(2)} s`,
      ),
    ),
  ]
  if (verdict.not.length > 0) {
    const rest = verdict.alsoNot.length === 0 ? '' : `, nor therefore ${verdict.alsoNot.join(', ')}`
    parts.push(wrapped(`It is not ${verdict.not.join(', ')}${rest}.`))
  }
  for (const note of verdict.notes) parts.push(tone('dim', wrapped(note)))
  if (verdict.occurrences.length > 0) parts.push('', ...occurrenceLines(verdict, tone))
  for (const { anomaly, number, shown } of chosen(verdict, options.casesPerType)) {
    parts.push('', ...storyLines(anomaly, `${number} of ${shown}`, { ...options, wrapped }))
  }
  return `${parts.join('\n')}\n`
}

function word(valid: Validity, tone: TextOptions['tone']): string {
  const name = String(valid) as keyof typeof words
  return tone(marks[name], words[name])
}

function occurrenceLines({ occurrences }: Verdict, tone: TextOptions['tone']): string[] {
  const width = Math.max(...occurrences.map(({ type }) => printable(type).length))
  const counts = occurrences.map(({ count }) => groupedText(count))
  const digits = Math.max(...counts.map((count) => count.length))
  return occurrences.map(
    ({ type }, i) => `  ${tone('bad', printable(type).padEnd(width))}  ${counts[i]!.padStart(digits)}`,
  )
}

interface Chosen {
  readonly anomaly: Anomaly
  readonly number: number
  /** All that there are, told or not. */
  readonly shown: string
}

function chosen({ anomalies, occurrences }: Verdict, casesPerType: number): Chosen[] {
  const counts = new Map(occurrences.map(({ type, count }) => [type, count]))
  const told = new Map<string, number>()
  return anomalies.flatMap((anomaly) => {
    const number = (told.get(anomaly.type) ?? 0) + 1
    told.set(anomaly.type, number)
    const shown = groupedText(counts.get(anomaly.type) ?? 1)
    return number > casesPerType ? [] : [{ anomaly, number, shown }]
  })
}

interface StoryOptions extends TextOptions {
  readonly wrapped: (text: string, by?: string) => string
}

function storyLines(anomaly: Anomaly, place: string, options: StoryOptions): string[] {
  const { tone, wrapped } = options
  const lines = [
    `  ${tone('strong', printable(anomaly.type))} ${tone('dim', place)}`,
    wrapped(anomaly.sentence, '    '),
  ]
  if (anomaly.kind !== 'cycle' && anomaly.key !== undefined) {
    lines.push(wrapped(`key ${valueText(anomaly.key)}`, '    '))
  }
  if (anomaly.kind === 'stuck') lines.push(tone('dim', '    In order as far as it goes, then what is stuck:'))
  lines.push(...callLines(callsOf(anomaly), options))
  if (anomaly.kind === 'cycle') {
    anomaly.steps.forEach(({ transaction, edge }, i) => {
      const next = anomaly.steps[(i + 1) % anomaly.steps.length]!.transaction.label
      const arrow = `${printable(transaction.label)} ${tone('key', `-${edge.kind}->`)} ${printable(next)}`
      lines.push(`      ${arrow}`, wrapped(edge.sentence, '        '))
    })
  }
  if (anomaly.kind === 'stuck') {
    for (const { call, sentence } of anomaly.blocked) {
      lines.push(
        `      ${tone('bad', `${printable(call.label)} cannot come next`)}`,
        wrapped(sentence, '        '),
      )
    }
  }
  return lines
}

/** Each call with its place in the history, and below it what it did. Long lists lose their middle. */
function callLines(calls: readonly SeenCall[], { tone, columns }: TextOptions): string[] {
  const unique = [...new Map(calls.map((call) => [call.invocation.index, call])).values()]
  const width = Math.max(0, ...unique.map(({ label }) => label.length))
  return unique.flatMap((call) => {
    const place = printable(`process ${call.process}, ${outcomeText(call)}, ${placeText(call)}`)
    const steps = callSteps(call.f, call.value).map((step) => shortened(printable(step), stepLength))
    const shown = steps.length <= stepsShown ? steps : [...steps.slice(0, stepsShown), '…']
    const by = ' '.repeat(8 + width)
    return [
      `      ${tone('strong', printable(call.label).padEnd(width))}  ${tone('dim', place)}`,
      indented(shown.join(', '), by, columns),
    ]
  })
}

const stepLength = 60
const stepsShown = 16

function indented(text: string, by: string, columns: number): string {
  const room = Math.max(30, columns - by.length)
  const lines: string[] = []
  let line = ''
  for (const next of text.split(' ')) {
    if (line !== '' && line.length + 1 + next.length > room) {
      lines.push(line)
      line = next
    } else line = line === '' ? next : `${line} ${next}`
  }
  return [...lines, line].map((part) => by + part).join('\n')
}
