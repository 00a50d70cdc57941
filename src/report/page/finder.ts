import { type Call, type Calls, placeOf, searchOf } from './calls.js'

const rowHeight = 26
const rowsBeyond = 8
const count = new Intl.NumberFormat('en-US')

/** The list of calls with its search. Only the rows in view are in the document. */
export class Finder {
  readonly #calls: Calls
  readonly #id: string
  readonly #onSelect: (call: Call | undefined) => void
  readonly #list: HTMLElement
  readonly #rows: HTMLElement
  readonly #found: HTMLElement
  readonly #search: HTMLInputElement
  readonly #only: HTMLInputElement
  #shown: readonly Call[] = []
  #selected: Call | undefined

  constructor(panel: HTMLElement, calls: Calls, onSelect: (call: Call | undefined) => void) {
    this.#calls = calls
    this.#id = `${panel.closest('.history')?.id}-row`
    this.#onSelect = onSelect
    this.#list = panel.querySelector<HTMLElement>('.list')!
    this.#rows = panel.querySelector<HTMLElement>('.rows')!
    this.#found = panel.querySelector<HTMLElement>('.found')!
    this.#search = panel.querySelector<HTMLInputElement>('input[type=search]')!
    this.#only = panel.querySelector<HTMLInputElement>('.only')!
    this.#search.addEventListener('input', () => this.#find())
    this.#only.addEventListener('change', () => this.#find())
    this.#search.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#onSelect(this.#shown[0])
    })
    this.#list.addEventListener('scroll', () => this.#draw())
    this.#list.addEventListener('keydown', (event) => this.#move(event))
    this.#list.addEventListener('click', (event) => {
      const row = (event.target as Element).closest<HTMLElement>('.row')
      if (row !== null) this.#onSelect(this.#calls.all[Number(row.dataset['place'])])
    })
    new ResizeObserver(() => this.#draw()).observe(this.#list)
    this.#find()
  }

  select(call: Call | undefined): void {
    this.#selected = call
    if (call !== undefined) {
      if (!this.#shown.includes(call)) {
        this.#search.value = ''
        this.#only.checked = false
        this.#find()
      }
      this.#reveal(this.#shown.indexOf(call))
    }
    this.#draw()
  }

  #find(): void {
    const matches = searchOf(this.#search.value, this.#calls.processes)
    const isOnly = this.#only.checked
    this.#shown = this.#calls.all.filter((call) => (!isOnly || call.anomalies.length > 0) && matches(call))
    this.#found.textContent = `${count.format(this.#shown.length)} of ${count.format(this.#calls.all.length)}`
    this.#rows.style.height = `${this.#shown.length * rowHeight}px`
    this.#list.scrollTop = 0
    this.#draw()
  }

  #reveal(place: number): void {
    const top = place * rowHeight
    const { scrollTop, clientHeight } = this.#list
    if (top >= scrollTop && top + rowHeight <= scrollTop + clientHeight) return
    this.#list.scrollTop = Math.max(0, top - clientHeight / 2)
  }

  #move(event: KeyboardEvent): void {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key]
    const ends = { Home: 0, End: this.#shown.length - 1 }[event.key]
    if (steps === undefined && ends === undefined) return
    event.preventDefault()
    const at = this.#selected === undefined ? -1 : this.#shown.indexOf(this.#selected)
    const wanted = ends ?? at + (steps ?? 0)
    const call = this.#shown[Math.max(0, Math.min(this.#shown.length - 1, wanted))]
    if (call !== undefined) this.#onSelect(call)
  }

  #draw(): void {
    const first = Math.max(0, Math.floor(this.#list.scrollTop / rowHeight) - rowsBeyond)
    const room = Math.ceil(this.#list.clientHeight / rowHeight) + 2 * rowsBeyond
    const rows = this.#shown.slice(first, first + room).map((call, i) => this.#row(call, first + i))
    this.#rows.replaceChildren(...rows)
    const active = rows.find((row) => row.ariaSelected === 'true')
    if (active === undefined) this.#list.removeAttribute('aria-activedescendant')
    else this.#list.setAttribute('aria-activedescendant', active.id)
  }

  #row(call: Call, place: number): HTMLElement {
    const row = document.createElement('div')
    row.className = call.anomalies.length > 0 ? 'row involved' : 'row'
    row.id = `${this.#id}-${call.place}`
    row.dataset['place'] = String(call.place)
    row.role = 'option'
    row.ariaSelected = String(call === this.#selected)
    row.style.top = `${place * rowHeight}px`
    const mark = document.createElement('i')
    mark.className = call.outcome
    mark.title = call.outcome
    const process = `process ${this.#calls.processes[call.process] ?? '?'}`
    row.append(mark, cell('place', placeOf(call)), cell('process', process), cell('text', call.text))
    return row
  }
}

function cell(name: string, text: string): HTMLElement {
  const made = document.createElement('span')
  made.className = name
  made.textContent = text
  return made
}
