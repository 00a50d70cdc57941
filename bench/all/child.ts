import { fill, recover } from '../recovery/recovery.js'
import { standardMix } from '../tpcc/kinds.js'
import { reportedRun as reportedTpcc } from '../tpcc/result.js'
import { runOnce as runTpcc } from '../tpcc/run.js'
import { reportedRun } from '../ycsb/reported.js'
import { type RunObserver, runOnce } from '../ycsb/run.js'
import type { RunSettings } from '../ycsb/settings.js'
import type { ProcessMessage, ProcessTask } from './messages.js'

/** A process for one run: its memory, its compiled code and its crashes are nobody else's. */
function send(message: ProcessMessage): void {
  process.send?.(message)
}

async function run({ kind, settings }: ProcessTask, interrupt: AbortSignal): Promise<void> {
  if (kind === 'fill') {
    await fill(settings, interrupt)
    send({ kind: 'filled' })
    // Its end comes from outside, and finds everything open.
    return
  }
  send({ kind: 'result', result: await resultOf(kind, settings, interrupt) })
  process.disconnect()
}

async function resultOf(
  kind: 'load' | 'tpcc' | 'recover',
  settings: RunSettings,
  interrupt: AbortSignal,
): Promise<object | undefined> {
  if (kind === 'recover') return await recover(settings)
  return kind === 'tpcc' ? await tpcc(settings, interrupt) : await load(settings, interrupt)
}

/** The specification's population from so many records on, less of it below. */
const wholePopulation = 100_000

async function tpcc(settings: RunSettings, interrupt: AbortSignal): Promise<object | undefined> {
  const { threads, seconds, warmup, seed, records } = settings
  const result = await runTpcc(
    {
      warehouses: threads,
      threads,
      seconds,
      warmup,
      seed,
      mix: standardMix,
      scale: Math.max(0.001, Math.min(1, records / wholePopulation)),
      memoryLimitBytes: undefined,
      path: undefined,
      durability: undefined,
    },
    observer(settings),
    interrupt,
  )
  return result && { ...reportedTpcc(result), residentBytes: process.memoryUsage.rss() }
}

async function load(settings: RunSettings, interrupt: AbortSignal): Promise<object | undefined> {
  const result = await runOnce(settings, observer(settings), interrupt)
  return result && { ...reportedRun(result), residentBytes: process.memoryUsage.rss() }
}

function observer({ records }: RunSettings): RunObserver {
  const say = (text: string): void => send({ kind: 'progress', text })
  return {
    loading: (loaded) => say(`loading, ${Math.floor((loaded / records) * 100)} %`),
    warmingUp: () => say('warming up'),
    timing: (seconds, committed) => say(`${Math.round(committed / seconds)} txn/s`),
    verifying: () => say('checking'),
    writingHistory: () => say('writing the history'),
  }
}

const interrupt = new AbortController()
process.on('SIGINT', () => interrupt.abort())
process.on('SIGTERM', () => interrupt.abort())
process.once('message', (task) => {
  run(task as ProcessTask, interrupt.signal).catch((error: unknown) => {
    send({ kind: 'failure', reason: error instanceof Error ? error.message : String(error) })
    process.exitCode = 1
    process.disconnect()
  })
})
// Whoever asked is gone: what was started here must not stay. A run that has ended has nothing left to end.
process.once('disconnect', () => {
  setTimeout(() => process.exit(), 5000).unref()
  interrupt.abort()
})
