import { machineLine, thisMachine } from '../report/machine.js'
import { print } from '../report/runs.js'
import { ProgressLine, styled } from '../report/terminal.js'
import { formatCount } from '../report/units.js'
import type { Target } from '../targets/target.js'
import { RunFailedError } from './childProcess.js'
import { syncsPerSecond } from './disk.js'
import type { Comparison } from './options.js'
import { ResultFiles } from './resultFiles.js'
import type { ComparedTarget, ComparisonResults, Omission, Round } from './results.js'
import { runCell } from './runCell.js'
import { tableOf } from './screen.js'
import { type Cell, cellsOf, type Workload } from './workloads.js'

/** Some runs failed; what the others measured has been written. */
export class ComparisonFailedError extends Error {
  override readonly name = 'WrongResultError'
}

const diskSecondsMax = 1

/** Compares the targets in rounds, so that a slow minute of the machine meets all of them. */
export async function compare(comparison: Comparison, interrupt: AbortSignal): Promise<void> {
  const { directory, sizes } = comparison
  const files = await ResultFiles.at(comparison)
  const machine = thisMachine()
  print(machineLine(machine))
  const disk = { syncsPerSecond: syncsPerSecond(directory, Math.min(diskSecondsMax, sizes.seconds)) }
  print(`${formatCount(disk.syncsPerSecond)} appends of 4 KiB a second, each synced, in ${directory}`)
  const targets = await Promise.all(comparison.targets.map(comparedTarget))
  for (const { name, unavailable } of targets) {
    if (unavailable !== undefined) print(`${name}: not available: ${unavailable}`)
  }
  const session = new Session(comparison, files, {
    machine,
    settings: { ...sizes, rounds: comparison.rounds },
    disk,
    workloads: comparison.workloads.map(({ name, title }) => ({ name, title })),
    targets,
  })
  for (const workload of comparison.workloads) {
    if (!interrupt.aborted) await session.run(workload, interrupt)
  }
  await session.end(interrupt.aborted)
}

async function comparedTarget(target: Target): Promise<ComparedTarget> {
  const unavailable = await target.unavailable()
  return { name: target.name, ...target.traits, ...(unavailable !== undefined && { unavailable }) }
}

/** What has been measured so far. */
class Session {
  readonly #comparison: Comparison
  readonly #files: ResultFiles
  readonly #facts: Omit<ComparisonResults, 'results' | 'unfit' | 'failures' | 'interrupted'>
  readonly #rounds: Round[] = []
  readonly #unfit: Omission[] = []
  readonly #failures: Omission[] = []
  readonly #progress = new ProgressLine(process.stderr)

  constructor(
    comparison: Comparison,
    files: ResultFiles,
    facts: Omit<ComparisonResults, 'results' | 'unfit' | 'failures' | 'interrupted'>,
  ) {
    this.#comparison = comparison
    this.#files = files
    this.#facts = facts
  }

  async run(workload: Workload, interrupt: AbortSignal): Promise<void> {
    const { rounds, sizes } = this.#comparison
    const targets = this.#fit(workload)
    const cells = cellsOf(workload, targets, sizes)
    if (cells.length === 0) return
    print(`\n${styled('bold', `${workload.name}: ${workload.title}`, process.stdout)}`)
    const before = this.#rounds.length
    for (let round = 1; round <= rounds; round += 1) {
      // There and back: what runs first in one round runs last in the next.
      for (const cell of round % 2 === 1 ? cells : cells.toReversed()) {
        if (interrupt.aborted) break
        await this.#runOne(cell, round, interrupt)
      }
    }
    this.#progress.clear()
    const measured = this.#rounds.slice(before)
    if (measured.length > 0) print(tableOf(measured))
  }

  async end(interrupted: boolean): Promise<void> {
    const results = this.#results(interrupted)
    await this.#files.write(results)
    for (const { workload, target, reason } of this.#failures)
      print(`FAILED ${workload} on ${target}: ${reason}`)
    if (this.#failures.length > 0) throw new ComparisonFailedError(`${this.#failures.length} runs failed`)
    if (this.#rounds.length === 0 && !interrupted) {
      throw new ComparisonFailedError(
        'nothing was measured: no workload is for any of the targets that are here',
      )
    }
  }

  /** The targets that can run it; of the others it is noted why not. */
  #fit(workload: Workload): Target[] {
    const missing = new Map(this.#facts.targets.map(({ name, unavailable }) => [name, unavailable]))
    return this.#comparison.targets.filter((target) => {
      const { name } = target
      const reason = missing.get(name) ?? workload.unfit(target)
      if (reason !== undefined) this.#unfit.push({ workload: workload.name, target: name, reason })
      return reason === undefined
    })
  }

  async #runOne(cell: Cell, round: number, interrupt: AbortSignal): Promise<void> {
    const { workload, target, settings, theta } = cell
    const { directory, rounds } = this.#comparison
    const threads = `${settings.threads} thread${settings.threads === 1 ? '' : 's'}`
    const name = `${workload.name}, ${target.name}, ${threads}${theta === undefined ? '' : `, theta ${theta}`}`
    const onProgress = (text: string): void => this.#progress.show(`${round}/${rounds} ${name}: ${text}`)
    onProgress('starting')
    try {
      const result = await runCell(cell, { directory, round, onProgress }, interrupt)
      if (result === undefined) return
      this.#rounds.push(result)
      if (!process.stderr.isTTY) {
        process.stderr.write(`${round}/${rounds} ${name}: ${formatCount(result.committedPerSecond)}/s\n`)
      }
      await this.#files.write(this.#results(interrupt.aborted))
    } catch (error) {
      if (!(error instanceof RunFailedError)) throw error
      this.#failures.push({ workload: workload.name, target: target.name, reason: error.message })
    }
  }

  #results(interrupted: boolean): ComparisonResults {
    return {
      ...this.#facts,
      results: this.#rounds,
      unfit: this.#unfit,
      failures: this.#failures,
      interrupted,
    }
  }
}
