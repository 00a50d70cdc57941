/** The buttons above the anomalies: all of them, or those of one type. */
export function startFilter(report: HTMLElement): void {
  const buttons = [...report.querySelectorAll<HTMLButtonElement>('[data-filter]')]
  const articles = report.querySelectorAll<HTMLElement>('.anomaly')
  for (const button of buttons) {
    button.addEventListener('click', () => {
      const type = button.dataset['filter'] ?? ''
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button))
      for (const article of articles) article.hidden = type !== '' && article.dataset['type'] !== type
    })
  }
}

/** Shows an anomaly whatever the filter, and takes the reader to it. */
export function showAnomaly(id: string): void {
  const article = document.getElementById(id)
  if (article === null) return
  if (article.hidden) {
    article.closest('.report')?.querySelector<HTMLButtonElement>('[data-filter=""]')?.click()
  }
  article.scrollIntoView({ block: 'start' })
}
