import { chartWidth, round } from './barChart.js'
import { compactText, linearScale, spreadOut, type Scale } from './chartScale.js'
import { html, type Html } from './html.js'

export interface Line {
  readonly name: string
  readonly color: number
  readonly points: readonly { readonly x: number; readonly y: number; readonly title: string }[]
}

export interface LineChart {
  readonly label: string
  readonly lines: readonly Line[]
  /** Where the horizontal axis has numbers. */
  readonly ticks: readonly number[]
  readonly xTitle: string
  readonly yTitle: string
}

const height = 236
const left = 46
const right = chartWidth - 108
const top = 22
const bottom = height - 38
const nameGap = 13

/** Each line has its name at its end, so that nobody has to match colours with a legend. */
export function lineChart(chart: LineChart): Html {
  const all = chart.lines.flatMap(({ points }) => points)
  const y = linearScale(Math.max(0, ...all.map((point) => point.y)), bottom, top)
  const x = horizontalScale(chart.ticks)
  const ends = chart.lines.map(({ points }) => y.at(points.at(-1)?.y ?? 0))
  const places = spreadOut(ends, nameGap, top, bottom)
  return html`<svg class="chart" viewBox="0 0 ${chartWidth} ${height}" role="img" aria-label="${chart.label}">
${y.ticks.map((tick) => gridLine(tick, y))}
${chart.ticks.map(
  (tick) =>
    html`<text x="${round(x(tick))}" y="${bottom + 16}" text-anchor="middle" class="tick">${String(tick)}</text>`,
)}
<text x="${(left + right) / 2}" y="${height - 4}" text-anchor="middle" class="tick">${chart.xTitle}</text>
<text x="0" y="10" class="tick">${chart.yTitle}</text>
${chart.lines.map((line, i) => drawnLine(line, { x, y, nameY: places[i]! }))}</svg>`
}

function horizontalScale(ticks: readonly number[]): (value: number) => number {
  const least = Math.min(...ticks)
  const most = Math.max(...ticks)
  const inner = [left + 12, right - 6] as const
  return (value) =>
    most === least
      ? (inner[0] + inner[1]) / 2
      : inner[0] + ((value - least) / (most - least)) * (inner[1] - inner[0])
}

function gridLine(tick: number, y: Scale): Html {
  const at = round(y.at(tick))
  return html`<path class="grid" d="M${left} ${at}H${right}"/><text x="${left - 6}" y="${at + 4}"
text-anchor="end" class="tick">${compactText(tick)}</text>`
}

interface Places {
  readonly x: (value: number) => number
  readonly y: Scale
  readonly nameY: number
}

function drawnLine(line: Line, { x, y, nameY }: Places): Html {
  const places = line.points.map((point) => ({ ...point, x: round(x(point.x)), y: round(y.at(point.y)) }))
  const last = places.at(-1)
  if (last === undefined) return html``
  const name = line.name.length > 17 ? `${line.name.slice(0, 16)}…` : line.name
  return html`<g class="series-${line.color}">
<path class="stroke" d="M${places.map((place) => `${place.x} ${place.y}`).join('L')}"/>
${places.map(
  (place) =>
    html`<circle class="fill" cx="${place.x}" cy="${place.y}" r="3.5"><title>${place.title}</title></circle>`,
)}
<path class="leader" d="M${last.x + 5} ${last.y}L${right + 6} ${round(nameY)}"/>
<text x="${right + 9}" y="${round(nameY) + 4}" class="name"><title>${line.name}</title>${name}</text></g>`
}
