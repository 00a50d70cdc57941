import { constants } from 'node:os'

/** What the process ends with. A signal gives 128 and its number, as in a shell. */
const exitCodes = { ok: 0, failedCheck: 1, usage: 2, io: 3 } as const

/** Errors that say all there is to say without a stack. */
const expectedErrors = ['UsageError', 'ReportError', 'WrongResultError']

/**
 * Runs the work of a benchmark's command, says what went wrong, and answers the exit code. A first signal
 * aborts what the work is given, and a second one ends the process on the spot.
 */
export async function runCommand(
  name: string,
  work: (interrupt: AbortSignal) => Promise<void>,
): Promise<number> {
  const interrupt = new AbortController()
  let signalNumber = 0
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    signalNumber = constants.signals[signal]
    interrupt.abort()
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  try {
    await work(interrupt.signal)
    return signalNumber === 0 ? exitCodes.ok : 128 + signalNumber
  } catch (error) {
    return explain(name, error)
  }
}

function explain(name: string, error: unknown): number {
  if (!(error instanceof Error)) throw error
  const isExpected = expectedErrors.includes(error.name)
  process.stderr.write(`tidemark ${name}: ${isExpected ? error.message : (error.stack ?? error.message)}\n`)
  if (error.name === 'UsageError') {
    process.stderr.write(`See tidemark ${name} --help.\n`)
    return exitCodes.usage
  }
  return error.name === 'ReportError' ? exitCodes.io : exitCodes.failedCheck
}
