import { measurementsOf, type BenchMachine, type BenchResults, type Measurement } from './benchResults.js'
import { benchStyle } from './benchStyle.js'
import { benchTable } from './benchTable.js'
import { barChart } from './barChart.js'
import { bytesText, compactText, groupedText } from './chartScale.js'
import { html, type Html } from './html.js'
import { latencyChart } from './latencyChart.js'
import { lineChart, type Line } from './lineChart.js'
import { renderPage } from './shell.js'

const seriesColors = 8

/** The results of benchmarks as one HTML page, complete in itself: charts, numbers, and the machine. */
export function renderBenchReport({ machine, results }: BenchResults): string {
  const all = measurementsOf(results)
  const still = all.filter(({ theta }) => theta === undefined)
  const swept = all.filter(({ theta }) => theta !== undefined)
  const colors = new Map(
    [...new Set(all.map(({ target }) => target))].map((name, i) => [name, i % seriesColors]),
  )
  const sections = [
    section('Throughput', 'Committed transactions per second. Longer is better.', throughput(still, colors)),
    section('Latency', latencyText, latency(still, colors)),
    section('Scaling', 'Committed transactions per second by number of threads.', scaling(still, colors)),
    section('Contention', contentionText, contention(swept, colors)),
    section('Memory', 'Resident after the timed phase. Shorter is better.', memory(still, colors)),
  ].filter((found) => found !== undefined)
  return renderPage({
    title: 'Tidemark benchmarks',
    style: benchStyle,
    script: 'bench',
    header: html`<nav aria-label="Sections">${[...sections, numbersLink].map(({ name }) => html`<a href="#${name.toLowerCase()}">${name}</a>`)}</nav>`,
    main: html`<h2 class="title">Benchmarks</h2>${machineFacts(machine, all)}
${sections.map(({ markup }) => markup)}
<section id="numbers"><h2>Numbers</h2>${benchTable(all, colors)}</section>`,
    footer: html`Runs of the same workload, target and threads are rounds of one measurement: medians are shown, and
the spread where there was more than one round.`,
  })
}

const numbersLink = { name: 'Numbers' }
const latencyText =
  'From the median (full dot) over p95 and p99 to p99.9, on a logarithmic scale, with the most threads that were measured. Further left is better.'
const contentionText = 'The larger theta, the more transactions want the same few records.'

function section(
  name: string,
  text: string,
  charts: readonly Html[],
): { name: string; markup: Html } | undefined {
  if (charts.length === 0) return undefined
  const id = name.toLowerCase()
  return {
    name,
    markup: html`<section id="${id}"><h2>${name}</h2><p class="dim">${text}</p><div class="charts">${charts}</div></section>`,
  }
}

function machineFacts(machine: BenchMachine, all: readonly Measurement[]): Html {
  const rounds = new Set(all.map((measurement) => measurement.rounds))
  const counts = [...rounds].sort((a, b) => a - b).join(' or ') || '0'
  const roundsText = `${counts} ${counts === '1' ? 'round' : 'rounds'}`
  const cut = all.filter(({ isInterrupted }) => isInterrupted).length
  const facts = [
    ['Processor', `${machine.cpu}, ${machine.cores} cores`],
    ['Memory', bytesText(machine.memoryBytes)],
    ['Node.js', `${machine.node}, ${machine.platform}`],
    ['Measurements', `${groupedText(all.length)}, each of ${roundsText}`],
  ]
  return html`<dl class="facts panel">${facts.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}
${cut > 0 && html`<dt>Stopped early</dt><dd>${cut} of them hold only what was measured until then</dd>`}</dl>`
}

type Colors = ReadonlyMap<string, number>

function groupBy<K>(
  all: readonly Measurement[],
  keyOf: (measurement: Measurement) => K,
): Map<K, Measurement[]> {
  const groups = new Map<K, Measurement[]>()
  for (const measurement of all) {
    const key = keyOf(measurement)
    groups.set(key, [...(groups.get(key) ?? []), measurement])
  }
  return groups
}

const byWorkload = (measurement: Measurement): string => measurement.workload
const byTarget = (measurement: Measurement): string => measurement.target

function figure(title: string, chart: Html): Html {
  return html`<figure class="panel"><h3>${title}</h3>${chart}</figure>`
}

function threadsText(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`
}

function throughput(all: readonly Measurement[], colors: Colors): Html[] {
  return [...groupBy(all, byWorkload)].map(([workload, measured]) => {
    const hasThreads = new Set(measured.map(({ threads }) => threads)).size > 1
    const groups = [...groupBy(measured, byTarget)].map(([name, runs]) => ({
      name,
      color: colors.get(name) ?? 0,
      bars: runs
        .toSorted((a, b) => a.threads - b.threads)
        .map((run) => ({
          value: run.committedPerSecond,
          text: compactText(run.committedPerSecond),
          ...(hasThreads ? { note: threadsText(run.threads) } : {}),
          spread: [run.least, run.most] as const,
          title: `${name}, ${threadsText(run.threads)}: ${rateText(run)}`,
        })),
    }))
    groups.sort((a, b) => mostOf(b.bars) - mostOf(a.bars))
    return figure(workload, barChart(groups, `Throughput of ${workload} by target`))
  })
}

function mostOf(bars: readonly { readonly value: number }[]): number {
  return Math.max(...bars.map(({ value }) => value))
}

function rateText(run: Measurement): string {
  const rate = `${groupedText(run.committedPerSecond)} transactions a second`
  if (run.rounds === 1) return rate
  return `${rate} (${groupedText(run.least)} to ${groupedText(run.most)} in ${run.rounds} rounds)`
}

/** Of each target the run with the most threads. */
function busiest(measured: readonly Measurement[]): Measurement[] {
  return [...groupBy(measured, byTarget).values()].map((runs) =>
    runs.reduce((most, run) => (run.threads > most.threads ? run : most)),
  )
}

function latency(all: readonly Measurement[], colors: Colors): Html[] {
  return [...groupBy(all, byWorkload)].map(([workload, measured]) => {
    const rows = busiest(measured)
      .toSorted((a, b) => a.latencyUs.p50 - b.latencyUs.p50)
      .map((run) => ({ name: run.target, color: colors.get(run.target) ?? 0, latencyUs: run.latencyUs }))
    return figure(workload, latencyChart(rows, `Latency of ${workload} by target`))
  })
}

function memory(all: readonly Measurement[], colors: Colors): Html[] {
  return [...groupBy(all, byWorkload)].flatMap(([workload, measured]) => {
    const groups = busiest(measured)
      .filter(({ memoryBytes }) => memoryBytes > 0)
      .toSorted((a, b) => a.memoryBytes - b.memoryBytes)
      .map(({ target, memoryBytes }) => {
        const text = bytesText(memoryBytes)
        const bars = [{ value: memoryBytes, text, title: `${target}: ${text}` }]
        return { name: target, color: colors.get(target) ?? 0, bars }
      })
    return groups.length === 0
      ? []
      : [figure(workload, barChart(groups, `Memory after ${workload} by target`))]
  })
}

function scaling(all: readonly Measurement[], colors: Colors): Html[] {
  return [...groupBy(all, byWorkload)].flatMap(([workload, measured]) => {
    const ticks = sortedSet(measured.map(({ threads }) => threads))
    const lines = linesOf(measured, colors, {
      xOf: ({ threads }) => threads,
      yOf: ({ committedPerSecond }) => committedPerSecond,
      titleOf: (run) => `${run.target}, ${threadsText(run.threads)}: ${rateText(run)}`,
    }).filter(({ points }) => points.length > 1)
    if (lines.length === 0) return []
    const label = `Throughput of ${workload} by number of threads`
    return [
      figure(
        workload,
        lineChart({ label, lines, ticks, xTitle: 'threads', yTitle: 'transactions a second' }),
      ),
    ]
  })
}

function contention(all: readonly Measurement[], colors: Colors): Html[] {
  return [...groupBy(all, ({ workload, threads }) => JSON.stringify([workload, threads]))].flatMap(
    ([, measured]) => {
      const { workload, threads } = measured[0]!
      const ticks = sortedSet(measured.map(({ theta }) => theta ?? 0))
      const chart = (what: string, yOf: (run: Measurement) => number): Html => {
        const titleOf = (run: Measurement): string =>
          `${run.target}, theta ${run.theta}: ${groupedText(yOf(run))} ${what} a second`
        const lines = linesOf(measured, colors, { xOf: ({ theta }) => theta ?? 0, yOf, titleOf })
        const label = `${what} of ${workload} by theta`
        const drawn = lineChart({
          label,
          lines,
          ticks: thinned(ticks),
          xTitle: 'theta',
          yTitle: `${what} a second`,
        })
        return figure(`${workload}, ${threadsText(threads)}: ${what}`, drawn)
      }
      return [
        chart('commits', ({ committedPerSecond }) => committedPerSecond),
        chart('aborts', ({ abortsPerSecond }) => abortsPerSecond),
      ]
    },
  )
}

interface LineOptions {
  readonly xOf: (run: Measurement) => number
  readonly yOf: (run: Measurement) => number
  readonly titleOf: (run: Measurement) => string
}

function linesOf(
  measured: readonly Measurement[],
  colors: Colors,
  { xOf, yOf, titleOf }: LineOptions,
): Line[] {
  return [...groupBy(measured, byTarget)].map(([name, runs]) => ({
    name,
    color: colors.get(name) ?? 0,
    points: runs.map((run) => ({ x: xOf(run), y: yOf(run), title: titleOf(run) })).sort((a, b) => a.x - b.x),
  }))
}

function sortedSet(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}

/** Ticks that are too near to the one before would print over it; the first and the last always stay. */
function thinned(ticks: readonly number[]): number[] {
  const last = ticks.at(-1) ?? 0
  const gap = (last - (ticks[0] ?? 0)) / 8
  const kept: number[] = []
  for (const tick of ticks) if (kept.length === 0 || tick - kept.at(-1)! >= gap) kept.push(tick)
  if (kept.length > 1 && kept.at(-1) !== last) kept[kept.length - 1] = last
  return kept
}
