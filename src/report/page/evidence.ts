import type { HistoryView } from './historyView.js'
import { hideTip, showTip } from './tip.js'

const parts = '[data-edge], [data-call]'

/**
 * What belongs together lights up together: an edge and its sentence, a transaction in the drawing, the table
 * and the timeline. Pointing or moving the focus shows; a click or Enter keeps it.
 */
export function startEvidence(report: HTMLElement, history: HistoryView | undefined): void {
  for (const article of report.querySelectorAll<HTMLElement>('.anomaly')) startArticle(article, history)
}

function startArticle(article: HTMLElement, history: HistoryView | undefined): void {
  let kept: Element | undefined
  const show = (part: Element | undefined): void => {
    light(article, part)
    if (part instanceof SVGElement) showTip(part.getAttribute('aria-label') ?? '', placeOf(part))
    else hideTip()
  }
  const choose = (part: Element): void => {
    if (part.matches('[data-go]')) {
      history?.go(Number(part.getAttribute('data-call')))
      return
    }
    kept = kept === part ? undefined : part
    show(kept)
  }
  for (const type of ['pointerover', 'focusin'] as const) {
    article.addEventListener(type, (event) => {
      const part = partAt(event)
      if (part !== undefined) show(part)
    })
  }
  for (const type of ['pointerout', 'focusout'] as const) {
    article.addEventListener(type, () => show(kept))
  }
  article.addEventListener('click', (event) => {
    const part = partAt(event)
    if (part !== undefined) choose(part)
  })
  article.addEventListener('keydown', (event) => {
    const part = partAt(event)
    if (event.key === 'Escape') {
      kept = undefined
      show(undefined)
    }
    if (!(part instanceof SVGElement) || (event.key !== 'Enter' && event.key !== ' ')) return
    event.preventDefault()
    choose(part)
  })
}

function partAt({ target }: Event): Element | undefined {
  return target instanceof Element ? (target.closest(parts) ?? undefined) : undefined
}

function light(article: HTMLElement, part: Element | undefined): void {
  for (const lit of article.querySelectorAll('.lit')) lit.classList.remove('lit')
  for (const name of ['data-edge', 'data-call']) {
    const value = part?.getAttribute(name)
    if (value === null || value === undefined) continue
    for (const other of article.querySelectorAll(`[${name}="${CSS.escape(value)}"]`))
      other.classList.add('lit')
  }
}

/** Of an edge, its label: the box around a bent arrow has its middle anywhere. */
function placeOf(part: SVGElement): { x: number; top: number; bottom: number } {
  const { left, width, top, bottom } = (part.querySelector('rect') ?? part).getBoundingClientRect()
  return { x: left + width / 2, top, bottom }
}
