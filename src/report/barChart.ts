import { linearScale } from './chartScale.js'
import { html, type Html } from './html.js'

export interface BarGroup {
  readonly name: string
  /** Which of the series colours. */
  readonly color: number
  readonly bars: readonly Bar[]
}

export interface Bar {
  readonly value: number
  /** What stands at its end, and what is said in addition, more quietly. */
  readonly text: string
  readonly note?: string
  /** The least and the most of several rounds. */
  readonly spread?: readonly [number, number]
  readonly title: string
}

export const chartWidth = 380
const barHeight = 13
const barGap = 3
const nameHeight = 19
const groupGap = 9
const textRoom = 112

/** Horizontal bars; each group has its name above, so that long names and narrow screens go together. */
export function barChart(groups: readonly BarGroup[], label: string): Html {
  const most = Math.max(0, ...groups.flatMap(({ bars }) => bars.map(mostOf)))
  const scale = linearScale(most, 0, chartWidth - textRoom)
  const longest = Math.max(...scale.ticks)
  const stretch = most > 0 ? longest / most : 1
  const widthOf = (value: number): number => scale.at(value) * stretch
  let y = 0
  const drawn = groups.map((group) => {
    const top = y
    y += nameHeight + group.bars.length * (barHeight + barGap) + groupGap
    return html`<g class="series-${group.color}"><text x="0" y="${top + 13}" class="name">${group.name}</text>
${group.bars.map((bar, i) => drawnBar(bar, top + nameHeight + i * (barHeight + barGap), { widthOf, shade: shadeOf(i, group) }))}</g>`
  })
  return html`<svg class="chart" viewBox="0 0 ${chartWidth} ${Math.max(y, 1)}" role="img" aria-label="${label}">
${drawn}</svg>`
}

function mostOf(bar: Bar): number {
  return Math.max(bar.value, bar.spread?.[1] ?? 0)
}

/** One thread is paler than many. */
function shadeOf(place: number, { bars }: BarGroup): number {
  return bars.length === 1 ? 1 : round(0.45 + (0.55 * place) / (bars.length - 1))
}

function drawnBar(
  bar: Bar,
  y: number,
  { widthOf, shade }: { widthOf: (value: number) => number; shade: number },
): Html {
  const width = Math.max(1, round(widthOf(bar.value)))
  const textX = Math.max(width, round(widthOf(mostOf(bar)))) + 6
  const middle = y + barHeight / 2
  const spread =
    bar.spread !== undefined &&
    bar.spread[1] > bar.spread[0] &&
    html`<path class="spread" d="M${round(widthOf(bar.spread[0]))} ${middle}H${round(widthOf(bar.spread[1]))}"/>`
  return html`<g><title>${bar.title}</title>
<rect x="0" y="${y}" width="${width}" height="${barHeight}" rx="2" class="fill" opacity="${shade}"/>${spread}
<text x="${textX}" y="${y + 10.5}" class="value">${bar.text}${bar.note !== undefined && html`<tspan class="quiet" dx="5">${bar.note}</tspan>`}</text></g>`
}

/** Two digits after the point are finer than any screen. */
export function round(value: number): number {
  return Math.round(value * 100) / 100
}
