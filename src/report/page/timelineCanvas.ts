import type { Call, Calls } from './calls.js'
import { timeText } from './calls.js'

export const laneHeight = 24
export const axisHeight = 22
const barHeight = 16
const fontSize = 11

/** What part of the history is in view, and where in it. */
export interface Window {
  readonly from: number
  readonly to: number
  /** Pixels that the lanes are scrolled down. */
  readonly top: number
}

export interface Colors {
  readonly text: string
  readonly dim: string
  readonly line: string
  readonly ground: string
  readonly bad: string
  readonly accent: string
  readonly ok: string
  readonly failed: string
  readonly unknown: string
}

/** Room for the names of processes, at the left. */
export function nameWidth(width: number): number {
  return width < 500 ? 44 : 92
}

/** Fits a canvas to its place on the screen and its pixels, and empties it. */
export function fitted(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = devicePixelRatio || 1
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio)
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio)
  canvas.style.height = `${height}px`
  const context = canvas.getContext('2d')!
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  context.font = `${fontSize}px ui-monospace, Menlo, Consolas, monospace`
  context.textBaseline = 'middle'
  return context
}

export interface Scene {
  readonly calls: Calls
  /** By process, in the order of time. */
  readonly lanes: readonly (readonly Call[])[]
  readonly names: readonly string[]
  readonly selected: Call | undefined
  readonly colors: Colors
}

export function drawLanes(
  canvas: HTMLCanvasElement,
  size: { width: number; height: number },
  parts: Scene & Window,
): void {
  const { width, height } = size
  const { lanes, names, colors, top, from, to } = parts
  const context = fitted(canvas, width, height)
  const left = nameWidth(width)
  const placeOf = (time: number): number => left + ((time - from) / (to - from)) * (width - left)
  const first = Math.max(0, Math.floor(top / laneHeight))
  const last = Math.min(lanes.length, Math.ceil((top + height) / laneHeight))
  for (let lane = first; lane < last; lane += 1) {
    const y = axisHeight + lane * laneHeight - top
    context.fillStyle = colors.line
    context.fillRect(left, y + laneHeight - 1, width - left, 0.5)
    drawLane(context, lanes[lane]!, { ...parts, y, placeOf, left, width })
    context.fillStyle = colors.ground
    context.fillRect(0, y, left, laneHeight)
    context.fillStyle = colors.dim
    const name = names[lane] ?? ''
    context.fillText(left < 60 ? name : `process ${name}`, 6, y + laneHeight / 2, left - 8)
  }
  drawAxis(context, { ...parts, placeOf, left, width })
}

interface Lane extends Scene, Window {
  readonly y: number
  readonly placeOf: (time: number) => number
  readonly left: number
  readonly width: number
}

/** Bars narrower than a pixel fall together: what is drawn is bounded by the screen, not by the history. */
function drawLane(context: CanvasRenderingContext2D, lane: readonly Call[], parts: Lane): void {
  const { y, placeOf, left, width, colors, selected } = parts
  let drawnTo = Number.NEGATIVE_INFINITY
  const marked: Call[] = []
  for (const call of lane) {
    if (call.from > parts.to) break
    if (call.to < parts.from) continue
    const x = Math.max(left, placeOf(call.from))
    const end = Math.min(width, Math.max(x + 1.5, placeOf(call.to)))
    if (call === selected || call.anomalies.length > 0) marked.push(call)
    if (end <= drawnTo + 0.5) continue
    const isOpen = call.to === Number.POSITIVE_INFINITY
    // What may still happen reaches to the end of the history, behind whatever its process did later.
    drawnTo = isOpen ? x + 1.5 : end
    context.fillStyle = colors[call.outcome]
    context.globalAlpha = isOpen ? 0.35 : 1
    context.fillRect(x, y + 4, end - x - (end - x > 4 ? 1 : 0), barHeight)
    context.globalAlpha = 1
    if (end - x > 46) writeIn(context, call.text, { x, end, y, color: colors.text })
  }
  for (const call of marked) {
    const x = Math.max(left, placeOf(call.from))
    const end = Math.min(width, Math.max(x + 3, placeOf(call.to)))
    context.strokeStyle = call === selected ? colors.accent : colors.bad
    context.lineWidth = call === selected ? 3 : 2
    context.strokeRect(x + 1, y + 4, Math.max(2, end - x - 3), barHeight)
  }
}

function writeIn(
  context: CanvasRenderingContext2D,
  text: string,
  { x, end, y, color }: { x: number; end: number; y: number; color: string },
): void {
  context.save()
  context.beginPath()
  context.rect(x, y, end - x - 6, laneHeight)
  context.clip()
  context.fillStyle = color
  context.fillText(text, x + 5, y + laneHeight / 2 + 0.5)
  context.restore()
}

function drawAxis(context: CanvasRenderingContext2D, parts: Omit<Lane, 'y'>): void {
  const { placeOf, left, width, colors, calls, from, to } = parts
  context.fillStyle = colors.ground
  context.fillRect(0, 0, width, axisHeight)
  context.fillStyle = colors.dim
  const ticks = Math.max(2, Math.floor((width - left) / 130))
  for (let i = 0; i < ticks; i += 1) {
    const time = from + ((to - from) * i) / ticks
    context.fillRect(placeOf(time), axisHeight - 5, 1, 5)
    context.fillText(timeText(time, calls.hasTime), placeOf(time) + 4, axisHeight / 2)
  }
}

/** The whole history in one line: how much ran when, where the anomalies are, and what is in view. */
export function drawOverview(canvas: HTMLCanvasElement, width: number, parts: Scene & Window): void {
  const { calls, colors, from, to } = parts
  const height = 34
  const context = fitted(canvas, width, height)
  const columns = new Float64Array(Math.max(1, Math.ceil(width)))
  const columnOf = (time: number): number =>
    Math.min(columns.length - 1, Math.floor((time / calls.end) * columns.length))
  for (const call of calls.all) columns[columnOf(call.from)]! += 1
  const most = columns.reduce((a, b) => Math.max(a, b), 1)
  context.fillStyle = colors.ok
  columns.forEach((count, x) => context.fillRect(x, height - (count / most) * (height - 8), 1, height))
  context.fillStyle = colors.bad
  for (const call of calls.all)
    if (call.anomalies.length > 0) context.fillRect(columnOf(call.from) - 1, 0, 2, height)
  context.strokeStyle = colors.accent
  context.lineWidth = 2
  const x = (from / calls.end) * width
  context.strokeRect(x + 1, 1, Math.max(3, ((to - from) / calls.end) * width - 2), height - 2)
}
