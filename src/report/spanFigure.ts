import type { SeenCall } from '../check/verdict.js'
import { round } from './barChart.js'
import { callLine } from './callText.js'
import { html, type Html } from './html.js'

export interface Span {
  readonly call: SeenCall
  /** A class for its looks. */
  readonly kind?: 'placed' | 'blocked'
}

const left = 96
const right = 784
const rowHeight = 30
const characterWidth = 6.8

/**
 * When the calls ran, by process, from invocation to completion. Events are evenly spaced in their order:
 * only what came before what matters, and calls may differ in length a thousandfold.
 */
export function spanFigure(spans: readonly Span[]): Html {
  const events = [...new Set(spans.flatMap(({ call }) => eventsOf(call)))].sort((a, b) => a - b)
  const place = new Map(
    events.map((event, i) => [event, left + ((i + 0.5) * (right - left)) / events.length]),
  )
  const processes = [...new Set(spans.map(({ call }) => call.process))]
  const rows = processes.flatMap((process) => lanes(spans.filter(({ call }) => call.process === process)))
  const height = rows.length * rowHeight + 24
  return html`<svg class="spans" viewBox="0 0 800 ${height}" role="group" aria-label="When these calls ran, by process">
${rows.map((lane, i) => {
  const y = i * rowHeight
  const process = lane[0]?.call.process ?? ''
  const isFirst = rows[i - 1]?.[0]?.call.process !== process
  return html`<path class="lane" d="M${left} ${y + 15}H${right}"/>${
    isFirst && html`<text class="quiet" x="0" y="${y + 19}">process ${process}</text>`
  }${lane.map((span) => spanMarkup(span, y, (event) => place.get(event) ?? left))}`
})}
<text class="quiet" x="${left}" y="${height - 4}">earlier</text>
<text class="quiet" x="${right}" y="${height - 4}" text-anchor="end">later</text></svg>`
}

function eventsOf({ invocation, completion }: SeenCall): number[] {
  return completion === undefined ? [invocation.index] : [invocation.index, completion.index]
}

/** One lane a process, and more for calls that overlap, as those that never completed do. */
function lanes(spans: readonly Span[]): Span[][] {
  const found: Span[][] = []
  const order = spans.toSorted((a, b) => a.call.invocation.index - b.call.invocation.index)
  for (const span of order) {
    const free = found.find((lane) => endOf(lane.at(-1)!) < span.call.invocation.index)
    if (free === undefined) found.push([span])
    else free.push(span)
  }
  return found
}

function endOf({ call }: Span): number {
  const { completion } = call
  return completion === undefined || completion.type === 'info' ? Number.POSITIVE_INFINITY : completion.index
}

function spanMarkup({ call, kind }: Span, y: number, placeOf: (event: number) => number): Html {
  const from = placeOf(call.invocation.index)
  const isOpen = call.completion === undefined || call.completion.type === 'info'
  const to = isOpen ? right : Math.max(from + 8, placeOf(call.completion.index))
  const room = Math.floor((to - from - 12) / characterWidth)
  const text = callLine(call.f, call.value, Math.max(1, room - call.label.length - 1))
  const shown = room < call.label.length + 6 ? call.label : `${call.label} ${text}`
  const isBeside = room < call.label.length
  const textAt = isBeside ? { x: from - 4, anchor: 'end' } : { x: from + 6, anchor: 'start' }
  return html`<g class="span ${kind} ${isOpen && 'open'}" data-call="${call.invocation.index}" tabindex="0" role="button"
aria-label="${call.label}, process ${call.process}: ${callLine(call.f, call.value, 200)}">
<rect x="${round(from)}" y="${y + 4}" width="${round(to - from)}" height="22" rx="4"/>
<text x="${round(textAt.x)}" y="${y + 19}" text-anchor="${textAt.anchor}">${shown}</text></g>`
}
