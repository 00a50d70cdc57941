import { chartWidth, round } from './barChart.js'
import { durationText, logScale } from './chartScale.js'
import { html, type Html } from './html.js'

export interface LatencyRow {
  readonly name: string
  readonly color: number
  readonly latencyUs: Readonly<Record<Percentile, number>>
}

const percentiles = ['p50', 'p95', 'p99', 'p999'] as const
type Percentile = (typeof percentiles)[number]

export const percentileNames: Readonly<Record<Percentile, string>> = {
  p50: 'p50',
  p95: 'p95',
  p99: 'p99',
  p999: 'p99.9',
}

const rowHeight = 37

/** From the median to one in a thousand, on a logarithmic scale: targets differ by powers of ten. */
export function latencyChart(rows: readonly LatencyRow[], label: string): Html {
  const values = rows.flatMap(({ latencyUs }) => percentiles.map((name) => latencyUs[name]))
  const scale = logScale(values, 6, chartWidth - 14)
  const height = rows.length * rowHeight + 20
  return html`<svg class="chart" viewBox="0 0 ${chartWidth} ${height}" role="img" aria-label="${label}">
${scale.ticks.map((tick, i) => {
  const x = round(scale.at(tick))
  const anchor = i === 0 ? 'start' : i === scale.ticks.length - 1 ? 'end' : 'middle'
  return html`<path class="grid" d="M${x} 0V${height - 18}"/><text x="${i === 0 ? 0 : anchor === 'end' ? chartWidth : x}"
y="${height - 4}" text-anchor="${anchor}" class="tick">${durationText(tick)}</text>`
})}
${rows.map((row, i) => drawnRow(row, i * rowHeight, scale.at))}</svg>`
}

function drawnRow({ name, color, latencyUs }: LatencyRow, top: number, at: (value: number) => number): Html {
  const y = top + 25
  const [from, to] = [round(at(latencyUs.p50)), round(at(latencyUs.p999))]
  return html`<g class="series-${color}"><text x="0" y="${top + 13}" class="name halo">${name}</text>
<text x="${chartWidth}" y="${top + 13}" text-anchor="end" class="quiet halo">${durationText(latencyUs.p50)} – ${durationText(latencyUs.p999)}</text>
<path class="stroke" d="M${from} ${y}H${Math.max(to, from + 0.5)}"/>
${percentiles.map((percentile, i) => {
  const title = `${name}: ${percentileNames[percentile]} ${durationText(latencyUs[percentile])}`
  const x = round(at(latencyUs[percentile]))
  return html`<circle class="${i === 0 ? 'fill' : 'dot'}" cx="${x}" cy="${y}" r="${i === 0 ? 4.5 : 3.2}"><title>${title}</title></circle>`
})}</g>`
}
