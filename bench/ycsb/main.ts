import { constants } from 'node:os'
import { type CommandDef, defineCommand } from 'citty'
import { optionDefinitions } from './definitions.js'
import { readOptions, UsageError } from './options.js'

/** What the process ends with. A signal gives 128 and its number, as in a shell. */
const exitCodes = { ok: 0, failedCheck: 1, usage: 2, io: 3 } as const

/** `tidemark bench ycsb`. */
export const command: CommandDef<typeof optionDefinitions> = defineCommand({
  meta: { name: 'ycsb', description: 'Run YCSB or its transactional variant on worker threads' },
  args: optionDefinitions,
  async run({ rawArgs }) {
    process.exitCode = await run(rawArgs)
  },
})

async function run(rawArgs: readonly string[]): Promise<number> {
  const interrupt = new AbortController()
  let signalNumber = 0
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    signalNumber = constants.signals[signal]
    interrupt.abort()
  }
  // Once: a second signal ends the process on the spot.
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  try {
    const invocation = readOptions(rawArgs)
    const { benchmark } = await import('./benchmark.js')
    await benchmark(invocation, interrupt.signal)
    return signalNumber === 0 ? exitCodes.ok : 128 + signalNumber
  } catch (error) {
    return explain(error)
  }
}

function explain(error: unknown): number {
  if (!(error instanceof Error)) throw error
  const isExpected =
    error.name === 'UsageError' || error.name === 'ReportError' || error.name === 'WrongResultError'
  process.stderr.write(
    `tidemark bench ycsb: ${isExpected ? error.message : (error.stack ?? error.message)}\n`,
  )
  if (error instanceof UsageError) {
    process.stderr.write('See tidemark bench ycsb --help.\n')
    return exitCodes.usage
  }
  return error.name === 'ReportError' ? exitCodes.io : exitCodes.failedCheck
}
