import type { CycleAnomaly, CycleStep, SeenCall } from '../check/verdict.js'
import { valueText } from '../history/valueText.js'
import { round } from './barChart.js'
import { callSteps, shortened } from './callText.js'
import { type Curve, layoutCycle, pointOn, type Point } from './cycleLayout.js'
import { html, type Html } from './html.js'

/** Of the monospaced font at 12 pixels; a little more than most have, so that texts stay in their boxes. */
const characterWidth = 7.4
const lineHeight = 17
const stepsShown = 6

interface Node {
  readonly call: SeenCall
  readonly lines: readonly { readonly text: string; readonly isMeant: boolean }[]
  readonly width: number
  readonly height: number
}

/** The cycle drawn: transactions as boxes, what orders them as labelled arrows. */
export function cycleFigure({ steps, type }: CycleAnomaly): Html {
  const nodes = steps.map((_, i) => nodeOf(steps, i))
  const { centers, curves } = layoutCycle(nodes)
  const labels = steps.map(({ edge }, i) => labelOf(edge.kind, edge.key, pointOn(curves[i]!, 0.5)))
  const bounds = boundsOf(nodes, centers, labels)
  const [width, height] = [round(bounds.right - bounds.left), round(bounds.bottom - bounds.top)]
  const names = steps.map(({ transaction }) => transaction.label)
  return html`<svg class="${width > 420 ? 'cycle wide' : 'cycle'}" width="${width}" height="${height}" viewBox="${round(bounds.left)} ${round(bounds.top)} ${width} ${height}"
role="group" aria-label="${type}: a cycle of ${names.join(', ')}">${steps.map((step, i) => {
    const next = names[(i + 1) % names.length]!
    return edgeMarkup(step, { next, curve: curves[i]!, label: labels[i]!, place: i })
  })}${nodes.map((node, i) => nodeMarkup(node, centers[i]!))}</svg>`
}

function nodeOf(steps: readonly CycleStep[], place: number): Node {
  const { transaction: call, edge } = steps[place]!
  const before = steps[(place + steps.length - 1) % steps.length]!.edge
  const keys = [edge.key, before.key].flatMap((key) => (key === undefined ? [] : [valueText(key)]))
  const columns = steps.length <= 2 ? 36 : 25
  const all = callSteps(call.f, call.value).map((text) => ({
    text: shortened(text, columns),
    isMeant: keys.some((key) => text.split(' ').slice(1).join(' ').startsWith(`${key} `)),
  }))
  const lines = all.length <= stepsShown ? all : shownSteps(all)
  const longest = Math.max(...lines.map(({ text }) => text.length), headText(call).length + 2)
  return { call, lines, width: longest * characterWidth + 24, height: 34 + lines.length * lineHeight }
}

/** What the edges speak of comes before the rest. */
function shownSteps(all: Node['lines']): Node['lines'] {
  const meant = all.filter(({ isMeant }) => isMeant).slice(0, stepsShown - 1)
  const others = all.filter((line) => !meant.includes(line)).slice(0, stepsShown - 1 - meant.length)
  const kept = all.filter((line) => meant.includes(line) || others.includes(line))
  return [...kept, { text: `… ${all.length - kept.length} more`, isMeant: false }]
}

function headText({ label, process }: SeenCall): string {
  return `${label}  process ${process}`
}

function nodeMarkup({ call, lines, width, height }: Node, { x, y }: Point): Html {
  const [left, top] = [round(x - width / 2), round(y - height / 2)]
  const said = `${call.label}, process ${call.process}: ${lines.map(({ text }) => text).join(', ')}`
  return html`<g class="node" tabindex="0" role="button" data-call="${call.invocation.index}" aria-label="${said}">
<rect x="${left}" y="${top}" width="${round(width)}" height="${height}" rx="8"/>
<text x="${left + 12}" y="${top + 20}"><tspan class="label">${call.label}</tspan><tspan class="quiet" dx="8">process ${call.process}</tspan></text>
${lines.map(
  ({ text, isMeant }, i) =>
    html`<text class="${isMeant ? 'step meant' : 'step'}" x="${left + 12}" y="${top + 39 + i * lineHeight}">${text}</text>`,
)}</g>`
}

interface Label extends Point {
  readonly text: string
  readonly width: number
}

function labelOf(kind: string, key: CycleStep['edge']['key'], { x, y }: Point): Label {
  const text = key === undefined ? kind : `${kind} · ${shortened(valueText(key), 12)}`
  return { text, width: text.length * characterWidth + 14, x, y }
}

interface EdgePlace {
  readonly next: string
  readonly curve: Curve
  readonly label: Label
  readonly place: number
}

function edgeMarkup({ edge, transaction }: CycleStep, { next, curve, label, place }: EdgePlace): Html {
  const { from, bend, to } = curve
  const path = `M${pair(from)}Q${pair(bend)} ${pair(to)}`
  const said = `${transaction.label} to ${next}, ${edge.kind}: ${edge.sentence}`
  return html`<g class="edge kind-${edge.kind}" tabindex="0" role="button" data-edge="${place}" aria-label="${said}">
<path class="hit" d="${path}"/><path class="line" d="${path}"/><path class="head" d="${headPath(curve)}"/>
<rect x="${round(label.x - label.width / 2)}" y="${round(label.y - 11)}" width="${round(label.width)}" height="22" rx="11"/>
<text x="${round(label.x)}" y="${round(label.y + 4.5)}" text-anchor="middle">${label.text}</text></g>`
}

/** The arrow's head, turned as the curve ends. */
function headPath({ bend, to }: Curve): string {
  const angle = Math.atan2(to.y - bend.y, to.x - bend.x)
  const corner = (turn: number): Point => ({
    x: to.x - 11 * Math.cos(angle + turn),
    y: to.y - 11 * Math.sin(angle + turn),
  })
  return `M${pair(to)}L${pair(corner(0.42))}L${pair(corner(-0.42))}Z`
}

function pair({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`
}

interface Bounds {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

function boundsOf(nodes: readonly Node[], centers: readonly Point[], labels: readonly Label[]): Bounds {
  const margin = 8
  const boxes = [
    ...nodes.map(({ width, height }, i) => ({ ...centers[i]!, width, height })),
    ...labels.map((label) => ({ ...label, height: 24 })),
  ]
  return {
    left: Math.min(...boxes.map(({ x, width }) => x - width / 2)) - margin,
    right: Math.max(...boxes.map(({ x, width }) => x + width / 2)) + margin,
    top: Math.min(...boxes.map(({ y, height }) => y - height / 2)) - margin,
    bottom: Math.max(...boxes.map(({ y, height }) => y + height / 2)) + margin,
  }
}
