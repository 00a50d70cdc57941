import type { Measurement } from './benchResults.js'
import { bytesText, durationText, groupedText } from './chartScale.js'
import { html, type Html } from './html.js'

/** One table a workload, the fastest of each number of threads in bold. */
export function benchTable(all: readonly Measurement[], colors: ReadonlyMap<string, number>): Html {
  const workloads = [...new Set(all.map(({ workload }) => workload))]
  return html`${workloads.map((workload) => {
    const measured = all.filter((measurement) => measurement.workload === workload)
    return html`<h3 class="table-title">${workload}</h3><div class="scroll panel" tabindex="0">${table(measured, colors)}</div>`
  })}`
}

const heads = ['transactions/s', 'spread', 'aborts/s', 'p50', 'p95', 'p99', 'p99.9', 'memory'] as const

function table(measured: readonly Measurement[], colors: ReadonlyMap<string, number>): Html {
  const hasTheta = measured.some(({ theta }) => theta !== undefined)
  return html`<table><thead><tr><th>target</th><th class="number">threads</th>
${hasTheta && html`<th class="number">theta</th>`}${heads.map((head) => html`<th class="number">${head}</th>`)}</tr></thead>
<tbody>${measured.map((run) => {
    const numbers = hasTheta ? [String(run.theta ?? ''), ...cells(run)] : cells(run)
    return html`<tr class="${isBest(run, measured) && 'best'}"><td class="series-${colors.get(run.target) ?? 0}"><span
class="swatch"></span>${run.target}</td><td class="number">${run.threads}</td>${numbers.map((text) => html`<td class="number">${text}</td>`)}</tr>`
  })}</tbody></table>`
}

function cells(run: Measurement): string[] {
  const half = run.committedPerSecond > 0 ? (run.most - run.least) / 2 / run.committedPerSecond : 0
  return [
    groupedText(run.committedPerSecond) + (run.isInterrupted ? ' (stopped early)' : ''),
    run.rounds === 1 ? 'one round' : `±${(half * 100).toFixed(1)} %`,
    groupedText(run.abortsPerSecond),
    durationText(run.latencyUs.p50),
    durationText(run.latencyUs.p95),
    durationText(run.latencyUs.p99),
    durationText(run.latencyUs.p999),
    run.memoryBytes > 0 ? bytesText(run.memoryBytes) : '',
  ]
}

function isBest(run: Measurement, measured: readonly Measurement[]): boolean {
  return measured.every(
    (other) =>
      other.threads !== run.threads ||
      other.theta !== run.theta ||
      other.committedPerSecond <= run.committedPerSecond,
  )
}
