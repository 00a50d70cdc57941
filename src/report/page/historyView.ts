import type { HistoryData } from '../historyData.js'
import { type Call, callsOf, placeOf, timeText } from './calls.js'
import { showAnomaly } from './filter.js'
import { Finder } from './finder.js'
import { Timeline } from './timeline.js'

export interface HistoryView {
  /** Takes the reader to a call, by the index of its invocation. */
  go(index: number): void
}

/** The timeline and the list of one history, which show the same calls and the same choice. */
export function startHistory(report: HTMLElement): HistoryView | undefined {
  const section = report.querySelector<HTMLElement>('.history')
  const text = document.getElementById(section?.dataset['history'] ?? '')?.textContent
  if (section === null || text === undefined || text === null) return undefined
  section.querySelector<HTMLElement>('.interactive')!.hidden = false
  const calls = callsOf(JSON.parse(text) as HistoryData)
  const chosen = section.querySelector<HTMLElement>('.chosen')!
  const select = (call: Call | undefined): void => {
    timeline.select(call)
    finder.select(call)
    chosen.replaceChildren(...(call === undefined ? [] : details(call, calls)))
  }
  const timeline = new Timeline(section.querySelector<HTMLElement>('.timeline')!, calls, select)
  const finder = new Finder(section.querySelector<HTMLElement>('.finder')!, calls, select)
  return {
    go(index) {
      const call = calls.all.find((candidate) => candidate.index === index)
      if (call === undefined) return
      select(call)
      section.scrollIntoView({ block: 'start' })
    },
  }
}

function details(call: Call, { processes, hasTime }: ReturnType<typeof callsOf>): Node[] {
  const { from, to, line, outcome, index } = call
  const place = line === 0 ? `index ${index}` : `lines ${placeOf(call)}, index ${index}`
  const time = Number.isFinite(to)
    ? `${timeText(from, hasTime)} to ${timeText(to, hasTime)}`
    : `from ${timeText(from, hasTime)}`
  const head = paragraph(`Process ${processes[call.process] ?? '?'}, ${outcome}, ${place}, ${time}`)
  head.className = 'dim'
  const body = paragraph(call.text)
  body.className = 'mono'
  const links = call.anomalies.map((id) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = `Anomaly: ${document.getElementById(id)?.dataset['type'] ?? id}`
    button.addEventListener('click', () => showAnomaly(id))
    return button
  })
  return [head, body, ...links]
}

function paragraph(text: string): HTMLParagraphElement {
  const made = document.createElement('p')
  made.textContent = text
  return made
}
