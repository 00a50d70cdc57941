import type { Anomaly, Validity, Verdict } from '../check/verdict.js'
import type { History } from '../history/history.js'
import { anomalyArticle, callsOf } from './anomalyArticle.js'
import { groupedText } from './chartScale.js'
import { callsPerPage, historyData, involvedCalls } from './historyData.js'
import { dataElement, html, type Html } from './html.js'
import { renderPage } from './shell.js'
import { verdictStyle } from './verdictStyle.js'

/** A verdict and the history it judges, which the page then shows too. */
export interface JudgedHistory {
  readonly verdict: Verdict
  readonly history?: History
}

/** More drawings than anybody looks at make a page that takes long to open. */
const anomaliesPerPage = 200

/** Verdicts as one HTML page, complete in itself: the story of each anomaly, and the history around it. */
export function renderVerdictPage(judged: readonly JudgedHistory[]): string {
  const title = judged.length === 1 ? nameOf(judged[0]!.verdict) : `${judged.length} histories`
  return renderPage({
    title: `${title} - Tidemark check`,
    style: verdictStyle,
    script: 'verdict',
    header:
      judged.length === 1
        ? html`<nav aria-label="Sections"><a href="#f0">Verdict</a><a href="#f0-anomalies">Anomalies</a><a href="#f0-history">History</a></nav>`
        : html`<nav aria-label="Histories">${judged.map(
            ({ verdict }, i) =>
              html`<a href="#f${i}"><i class="mark ${markOf(verdict.valid)}"></i>${nameOf(verdict)}</a>`,
          )}</nav>`,
    main: html`${judged.map((one, i) => reportOf(one, `f${i}`, judged.length))}
<noscript><p>The stories above are complete; the timeline and the search need JavaScript.</p></noscript>`,
    footer: html`Written by <code>tidemark check</code>. Nothing on this page is loaded from elsewhere.`,
  })
}

function nameOf({ file }: Verdict): string {
  return file === undefined ? 'history' : file.slice(file.lastIndexOf('/') + 1)
}

function markOf(valid: Validity): string {
  return valid === 'unknown' ? 'unsure' : valid ? 'good' : 'bad'
}

const words = { good: 'Valid', bad: 'Invalid', unsure: 'Unknown' } as const

function reportOf({ verdict, history }: JudgedHistory, id: string, pages: number): Html {
  const shown = verdict.anomalies.slice(0, Math.max(10, Math.floor(anomaliesPerPage / pages)))
  const stories = shown.map((anomaly, i) => ({ id: `${id}-a${i}`, anomaly, calls: callsOf(anomaly) }))
  return html`<section class="report" id="${id}">${verdictPanel(verdict)}
${stories.length > 0 && anomalySection(verdict, stories, id)}
${history !== undefined && historySection(history, involvedCalls(stories), id, Math.floor(callsPerPage / pages))}</section>`
}

function verdictPanel(verdict: Verdict): Html {
  const mark = markOf(verdict.valid)
  const word = words[mark as keyof typeof words]
  const { counts } = verdict
  return html`<header class="panel verdict ${mark}"><div class="word">${word}</div>
<h1>${nameOf(verdict)}</h1><p>${summaryText(verdict)}</p>
<dl class="facts"><dt>Workload</dt><dd>${verdict.workload}</dd>
${verdict.models.length > 0 && html`<dt>Asked for</dt><dd>${verdict.models.join(', ')}</dd>`}
<dt>Calls</dt><dd>${groupedText(counts.calls)}: ${groupedText(counts.ok)} ok, ${groupedText(counts.failed)} failed, ${groupedText(counts.unknown)} unknown</dd>
${verdict.not.length > 0 && html`<dt>Is not</dt><dd>${verdict.not.map((name) => html`<code class="model">${name}</code> `)}</dd>`}
${verdict.alsoNot.length > 0 && html`<dt>Nor, therefore</dt><dd class="dim">${verdict.alsoNot.join(', ')}</dd>`}
<dt>Checked in</dt><dd>${verdict.seconds.toPrecision(2)} s</dd></dl>
${verdict.notes.length > 0 && html`<ul class="notes">${verdict.notes.map((note) => html`<li>${note}</li>`)}</ul>`}</header>`
}

/** The verdict in one sentence, for the page and the terminal. */
export function summaryText(verdict: Verdict): string {
  const found = verdict.occurrences.length
  const cases = verdict.occurrences.reduce((sum, { count }) => sum + count, 0)
  const what = verdict.models.length > 0 ? verdict.models.join(', ') : verdict.workload
  if (verdict.valid === true) {
    return found === 0
      ? `No anomaly: the history is what ${what} allows.`
      : `No anomaly that ${what} forbids; ${groupedText(cases)} that it allows.`
  }
  const anomalies =
    cases === 1
      ? '1 anomaly'
      : `${groupedText(cases)} anomalies of ${found} ${found === 1 ? 'type' : 'types'}`
  if (verdict.valid === 'unknown') {
    const because = verdict.unknownBecause ?? 'The check could not decide'
    return `${because.charAt(0).toUpperCase()}${because.slice(1).replace(/\.$/, '')}.${found === 0 ? '' : ` Found so far: ${anomalies}.`}`
  }
  return `The history has ${anomalies}, which ${what} forbids.`
}

interface Story {
  readonly id: string
  readonly anomaly: Anomaly
}

function anomalySection(verdict: Verdict, stories: readonly Story[], id: string): Html {
  const shownOf = new Map<string, number>()
  const numbers = stories.map(({ anomaly: { type } }) => {
    shownOf.set(type, (shownOf.get(type) ?? 0) + 1)
    return shownOf.get(type)!
  })
  const countOf = new Map(verdict.occurrences.map(({ type, count }) => [type, count]))
  const total = verdict.occurrences.reduce((sum, { count }) => sum + count, 0)
  return html`<section id="${id}-anomalies"><h2>Anomalies</h2>
<div class="filter" role="group" aria-label="Show anomalies of one type">
<button type="button" aria-pressed="true" data-filter="">All <span class="dim">${groupedText(stories.length)}</span></button>
${verdict.occurrences.map(({ type, count }) => {
  const shown = shownOf.get(type) ?? 0
  return html`<button type="button" aria-pressed="false" data-filter="${type}" ${shown === 0 && 'disabled'}>${type} <span
class="dim">${groupedText(count)}</span></button>`
})}</div>
${total > stories.length && html`<p class="dim">${groupedText(stories.length)} of ${groupedText(total)} cases are shown, the worst first.</p>`}
${stories.map(({ anomaly, id: story }, i) =>
  anomalyArticle(anomaly, { id: story, number: numbers[i]!, total: countOf.get(anomaly.type) ?? 1 }),
)}</section>`
}

function historySection(
  history: History,
  involved: ReadonlyMap<number, readonly string[]>,
  id: string,
  limit: number,
): Html {
  const data = historyData(history, involved, limit)
  const left = data.total - data.calls.length
  return html`<section class="history" id="${id}-history" data-history="${id}-data"><h2>History</h2>
${left > 0 && html`<p class="dim">This page holds the ${groupedText(data.calls.length)} calls nearest to the anomalies, of ${groupedText(data.total)}.</p>`}
<div class="interactive" hidden><div class="panel timeline"><div class="tools">
<button type="button" data-zoom="in" aria-label="Zoom in">+</button><button type="button" data-zoom="out" aria-label="Zoom out">−</button>
<button type="button" data-zoom="all">All</button><span class="dim range"></span><span class="legend dim"><i class="ok"></i>ok
<i class="failed"></i>failed <i class="unknown"></i>unknown <i class="involved"></i>in an anomaly</span></div>
<div class="lanes" tabindex="0" role="application" aria-label="Timeline by process. Arrow keys move, plus and minus zoom, Enter selects the call in the middle."><canvas></canvas></div>
<canvas class="overview" aria-hidden="true"></canvas></div>
<div class="panel finder"><div class="tools"><input type="search" placeholder="Search: append 5 1, process 3, line 120, index 7" aria-label="Search for calls">
<label><input type="checkbox" class="only"> only those in anomalies</label><span class="dim found" role="status"></span></div>
<div class="list" tabindex="0" role="listbox" aria-label="Calls"><div class="rows"></div></div>
<div class="chosen" aria-live="polite"></div></div></div>
${dataElement(`${id}-data`, data)}</section>`
}
