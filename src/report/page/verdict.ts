import { startEvidence } from './evidence.js'
import { startFilter } from './filter.js'
import { startHistory } from './historyView.js'
import { startTheme } from './theme.js'

startTheme()
for (const report of document.querySelectorAll<HTMLElement>('.report')) {
  startFilter(report)
  startEvidence(report, startHistory(report))
}
