import { type Call, type Calls, placeOf } from './calls.js'
import {
  axisHeight,
  type Colors,
  drawLanes,
  drawOverview,
  laneHeight,
  nameWidth,
  type Scene,
  type Window,
} from './timelineCanvas.js'
import { timeText } from './calls.js'
import { hideTip, showTip } from './tip.js'

const highest = 420
/** A drag shorter than this is a click. */
const clickPixels = 4
/** At first, so many calls are in view: more are a carpet. */
const callsAtFirst = 150

/** Calls by process over time, drawn on a canvas: zoomed with buttons, keys or Ctrl and the wheel. */
export class Timeline {
  readonly #calls: Calls
  readonly #onSelect: (call: Call | undefined) => void
  readonly #lanesElement: HTMLElement
  readonly #canvas: HTMLCanvasElement
  readonly #overview: HTMLCanvasElement
  readonly #range: HTMLElement
  readonly #panel: HTMLElement
  readonly #lanes: readonly (readonly Call[])[]
  readonly #names: readonly string[]
  #from = 0
  #to: number
  #selected: Call | undefined
  #isDrawing = false

  constructor(panel: HTMLElement, calls: Calls, onSelect: (call: Call | undefined) => void) {
    this.#calls = calls
    this.#onSelect = onSelect
    this.#panel = panel
    this.#lanesElement = panel.querySelector<HTMLElement>('.lanes')!
    this.#canvas = this.#lanesElement.querySelector('canvas')!
    this.#overview = panel.querySelector<HTMLCanvasElement>('.overview')!
    this.#range = panel.querySelector<HTMLElement>('.range')!
    const byProcess = new Map<number, Call[]>()
    for (const call of calls.all) {
      const lane = byProcess.get(call.process)
      if (lane === undefined) byProcess.set(call.process, [call])
      else lane.push(call)
    }
    const processes = [...byProcess.keys()].sort((a, b) => this.#compareNames(a, b))
    this.#lanes = processes.map((process) => byProcess.get(process)!)
    this.#names = processes.map((process) => calls.processes[process] ?? '?')
    this.#to = Math.max(1, (calls.all[callsAtFirst]?.from ?? calls.end) * 1.02)
    this.#lanesElement.style.height = `${Math.min(highest, this.#fullHeight)}px`
    this.#listen()
  }

  select(call: Call | undefined): void {
    this.#selected = call
    if (call !== undefined) this.#reveal(call)
    this.#draw()
  }

  get #fullHeight(): number {
    return axisHeight + this.#lanes.length * laneHeight
  }

  get #width(): number {
    return this.#lanesElement.clientWidth
  }

  #compareNames(a: number, b: number): number {
    const [left, right] = [this.#calls.processes[a] ?? '', this.#calls.processes[b] ?? '']
    return Number(left) - Number(right) || left.localeCompare(right)
  }

  #listen(): void {
    const spacer = document.createElement('div')
    this.#canvas.style.position = 'sticky'
    this.#canvas.style.top = '0'
    spacer.style.height = `${Math.max(0, this.#fullHeight - Math.min(highest, this.#fullHeight))}px`
    this.#lanesElement.append(spacer)
    for (const button of this.#panel.querySelectorAll<HTMLButtonElement>('[data-zoom]')) {
      button.addEventListener('click', () => this.#zoomBy(button.dataset['zoom'] ?? 'all'))
    }
    this.#lanesElement.addEventListener('scroll', () => this.#draw())
    this.#lanesElement.addEventListener('wheel', (event) => this.#wheel(event), { passive: false })
    this.#lanesElement.addEventListener('keydown', (event) => this.#key(event))
    this.#canvas.addEventListener('pointerdown', (event) => this.#drag(event))
    this.#canvas.addEventListener('pointermove', (event) => this.#hover(event))
    this.#canvas.addEventListener('pointerleave', hideTip)
    for (const type of ['pointerdown', 'pointermove'] as const) {
      this.#overview.addEventListener(type, (event) => {
        if (event.buttons === 0) return
        const { left, width } = this.#overview.getBoundingClientRect()
        this.#center(((event.clientX - left) / width) * this.#calls.end)
      })
    }
    new ResizeObserver(() => this.#draw()).observe(this.#lanesElement)
    document.addEventListener('themechange', () => this.#draw())
  }

  #view(from: number, to: number): void {
    const span = Math.min(this.#calls.end * 1.02, Math.max(to - from, this.#calls.hasTime ? 20 : 2))
    this.#from = Math.max(0, Math.min(from, this.#calls.end * 1.02 - span))
    this.#to = this.#from + span
    this.#draw()
  }

  #center(time: number): void {
    const half = (this.#to - this.#from) / 2
    this.#view(time - half, time + half)
  }

  #zoomBy(how: string): void {
    if (how === 'all') this.#view(0, this.#calls.end * 1.02)
    else this.#zoom(how === 'in' ? 0.5 : 2, (this.#from + this.#to) / 2)
  }

  #zoom(factor: number, around: number): void {
    this.#view(around - (around - this.#from) * factor, around + (this.#to - around) * factor)
  }

  #wheel(event: WheelEvent): void {
    const span = this.#to - this.#from
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault()
      this.#zoom(Math.exp(event.deltaY / 300), this.#timeAt(event.clientX))
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault()
      this.#view(
        this.#from + (event.deltaX / this.#width) * span,
        this.#to + (event.deltaX / this.#width) * span,
      )
    }
  }

  #key(event: KeyboardEvent): void {
    const step = (this.#to - this.#from) / 4
    const middle = (this.#from + this.#to) / 2
    switch (event.key) {
      case 'ArrowLeft':
        return this.#view(this.#from - step, this.#to - step)
      case 'ArrowRight':
        return this.#view(this.#from + step, this.#to + step)
      case '+':
      case '=':
        return this.#zoom(0.5, middle)
      case '-':
        return this.#zoom(2, middle)
      case 'Home':
        return this.#zoomBy('all')
      case 'Enter':
        return this.#onSelect(this.#calls.all.find(({ from }) => from >= middle))
      default:
    }
  }

  /** Pans, or chooses what was clicked. */
  #drag(down: PointerEvent): void {
    const { clientX, pointerId } = down
    const [from, to] = [this.#from, this.#to]
    const perPixel = (to - from) / (this.#width - nameWidth(this.#width))
    this.#canvas.setPointerCapture(pointerId)
    this.#lanesElement.classList.add('dragging')
    const stop = new AbortController()
    const { signal } = stop
    this.#canvas.addEventListener(
      'pointermove',
      (move) => {
        const distance = (clientX - move.clientX) * perPixel
        this.#view(from + distance, to + distance)
      },
      { signal },
    )
    const end = (up: PointerEvent): void => {
      stop.abort()
      this.#lanesElement.classList.remove('dragging')
      if (up.type === 'pointerup' && Math.abs(up.clientX - clientX) < clickPixels)
        this.#onSelect(this.#callAt(up))
    }
    this.#canvas.addEventListener('pointerup', end, { signal })
    this.#canvas.addEventListener('pointercancel', end, { signal })
  }

  #hover(event: PointerEvent): void {
    const call = event.buttons === 0 ? this.#callAt(event) : undefined
    if (call === undefined) return hideTip()
    const name = this.#calls.processes[call.process] ?? '?'
    const text = `process ${name}, ${placeOf(call)}, ${call.outcome}: ${call.text}`
    showTip(text, { x: event.clientX, top: event.clientY - 6, bottom: event.clientY + 14 })
  }

  #timeAt(clientX: number): number {
    const left = nameWidth(this.#width)
    const x = clientX - this.#canvas.getBoundingClientRect().left - left
    return this.#from + (Math.max(0, x) / (this.#width - left)) * (this.#to - this.#from)
  }

  /** What is under the pointer, or beside it by a pixel or two. */
  #callAt({ clientX, clientY }: MouseEvent): Call | undefined {
    const y = clientY - this.#canvas.getBoundingClientRect().top + this.#lanesElement.scrollTop
    const lane = this.#lanes[Math.floor((y - axisHeight) / laneHeight)]
    const time = this.#timeAt(clientX)
    const reach = (3 * (this.#to - this.#from)) / this.#width
    return lane?.findLast(({ from, to }) => from - reach <= time && time <= to + reach)
  }

  #reveal(call: Call): void {
    if (call.from < this.#from || call.from > this.#to) this.#center(call.from)
    const lane = this.#lanes.findIndex((calls) => calls[0]?.process === call.process)
    const { scrollTop, clientHeight } = this.#lanesElement
    const y = lane * laneHeight
    if (y < scrollTop || y + laneHeight + axisHeight > scrollTop + clientHeight) {
      this.#lanesElement.scrollTop = Math.max(0, y - clientHeight / 2)
    }
  }

  /** At most once a frame, however many events ask for it. */
  #draw(): void {
    if (this.#isDrawing) return
    this.#isDrawing = true
    requestAnimationFrame(() => {
      this.#isDrawing = false
      const { hasTime } = this.#calls
      const width = this.#width
      if (width === 0) return
      const parts: Scene & Window = {
        calls: this.#calls,
        lanes: this.#lanes,
        names: this.#names,
        selected: this.#selected,
        colors: this.#colors(),
        from: this.#from,
        to: this.#to,
        top: this.#lanesElement.scrollTop,
      }
      drawLanes(this.#canvas, { width, height: this.#lanesElement.clientHeight }, parts)
      drawOverview(this.#overview, width, parts)
      this.#range.textContent = `${timeText(this.#from, hasTime)} to ${timeText(this.#to, hasTime)}`
    })
  }

  /** As the style sheet has them, light or dark. */
  #colors(): Colors {
    const colorOf = (selector: string): string =>
      getComputedStyle(this.#panel.querySelector(selector) ?? this.#panel).backgroundColor
    const { color, borderTopColor } = getComputedStyle(this.#panel)
    return {
      text: color,
      dim: getComputedStyle(this.#range).color,
      line: borderTopColor,
      ground: colorOf('.lanes'),
      bad: colorOf('.involved'),
      accent: color,
      ok: colorOf('.ok'),
      failed: colorOf('.failed'),
      unknown: colorOf('.unknown'),
    }
  }
}
