import type { Anomaly, CycleAnomaly, EvidenceAnomaly, SeenCall, StuckAnomaly } from '../check/verdict.js'
import { valueText } from '../history/valueText.js'
import { callLine, outcomeText, placeText, shortened } from './callText.js'
import { cycleFigure } from './cycleFigure.js'
import { html, type Html } from './html.js'
import { type Span, spanFigure } from './spanFigure.js'

const placedShown = 12
const spansShown = 24
const textLength = 600

/** The calls an anomaly speaks of, each once, in the order in which it names them. */
export function callsOf(anomaly: Anomaly): SeenCall[] {
  if (anomaly.kind === 'cycle') return anomaly.steps.map(({ transaction }) => transaction)
  if (anomaly.kind === 'evidence') return [...anomaly.calls]
  return [...anomaly.placed.slice(-placedShown), ...anomaly.blocked.map(({ call }) => call)]
}

/** `number` of `total` of this type, shown or not; `id` ties it to the history's calls. */
export interface ArticlePlace {
  readonly id: string
  readonly number: number
  readonly total: number
}

export function anomalyArticle(anomaly: Anomaly, { id, number, total }: ArticlePlace): Html {
  return html`<article class="anomaly panel" id="${id}" data-type="${anomaly.type}">
<header><h3>${anomaly.type}</h3><span class="dim">${number} of ${total}</span>
<a class="dim" href="#${id}" aria-label="Link to this anomaly">#</a></header>
<p>${anomaly.sentence}</p>${bodyOf(anomaly)}</article>`
}

function bodyOf(anomaly: Anomaly): Html {
  if (anomaly.kind === 'cycle') return cycleBody(anomaly)
  return anomaly.kind === 'evidence' ? evidenceBody(anomaly) : stuckBody(anomaly)
}

function cycleBody(anomaly: CycleAnomaly): Html {
  const { steps } = anomaly
  return html`<div class="story"><figure class="scroll">${cycleFigure(anomaly)}</figure><div>
<ol class="evidence">${steps.map(({ transaction, edge }, i) => {
    const next = steps[(i + 1) % steps.length]!.transaction.label
    return html`<li class="kind-${edge.kind}" data-edge="${i}"><b>${transaction.label} <span class="kind">${edge.kind} →</span> ${next}</b>
${edge.sentence}</li>`
  })}</ol></div></div>${callTable(callsOf(anomaly))}${spansOf(callsOf(anomaly).map((call) => ({ call })))}`
}

function evidenceBody({ calls, key, values }: EvidenceAnomaly): Html {
  return html`<dl class="facts">${key !== undefined && html`<dt>Key</dt><dd class="mono">${valueText(key)}</dd>`}
${
  values !== undefined &&
  values.length > 0 &&
  html`<dt>Values</dt><dd class="mono">${values.map((value) => html`<div>${shortened(valueText(value), textLength)}</div>`)}</dd>`
}</dl>${callTable(calls)}${spansOf(calls.map((call) => ({ call })))}`
}

function stuckBody({ placed, blocked, key }: StuckAnomaly): Html {
  const shown = placed.slice(-placedShown)
  const left = placed.length - shown.length
  return html`${key !== undefined && html`<p>Key <code>${valueText(key)}</code></p>`}
<div class="story"><div><h4>In this order so far${left > 0 && html` <span class="dim">(after ${left} earlier)</span>`}</h4>
<ol class="placed" start="${left + 1}">${shown.map((call) => html`<li>${callButton(call)} ${callLine(call.f, call.value, 80)}</li>`)}</ol></div>
<div><h4>None of these can come next</h4><ul class="evidence">${blocked.map(
    ({ call, sentence }) =>
      html`<li class="blocked"><b>${callButton(call)} ${callLine(call.f, call.value, 80)}</b> ${sentence}</li>`,
  )}</ul></div></div>
${spansOf([
  ...shown.map((call): Span => ({ call, kind: 'placed' })),
  ...blocked.map(({ call }): Span => ({ call, kind: 'blocked' })),
])}`
}

function spansOf(spans: readonly Span[]): Html {
  const seen = new Map(spans.map((span) => [span.call.invocation.index, span]))
  const shown = [...seen.values()].slice(-spansShown)
  return html`<figure class="scroll"><figcaption>When they ran</figcaption>${spanFigure(shown)}</figure>`
}

function callTable(calls: readonly SeenCall[]): Html {
  return html`<div class="scroll"><table class="calls"><tbody>${calls.map(
    (call) => html`<tr data-call="${call.invocation.index}"><td>${callButton(call)}</td>
<td class="dim">process ${call.process}</td><td class="dim">${outcomeText(call)}</td><td class="dim">${placeText(call)}</td>
<td class="mono wide">${callLine(call.f, call.value, textLength)}</td></tr>`,
  )}</tbody></table></div>`
}

function callButton(call: SeenCall): Html {
  return html`<button class="call" type="button" data-call="${call.invocation.index}" data-go
title="Show in the history (${placeText(call)})">${call.label}</button>`
}
