import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ProcessMessage, ProcessTask } from './messages.js'

/** A run's process ended without a result; the message says why. */
export class RunFailedError extends Error {
  override readonly name = 'RunFailedError'
}

/** For loading and checking, besides the time that a run is to take. */
const patienceSeconds = 600
/** From an interrupt to a result of what was measured. */
const graceSeconds = 30
const stderrCharactersMax = 2000

/**
 * Runs a task in a process of its own and answers its result; undefined when it was interrupted before it had
 * one, or when the task is one that ends by being killed.
 */
export async function inOwnProcess(
  task: ProcessTask,
  onProgress: (text: string) => void,
  interrupt: AbortSignal,
): Promise<object | undefined> {
  // A group of its own: so a Ctrl-C reaches the benchmark only, and servers that it started end with it.
  const child = fork(new URL('./child.js', import.meta.url), {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  })
  const { seconds, warmup } = task.settings
  const timer = setTimeout(() => killGroup(child), (seconds + warmup + patienceSeconds) * 1000)
  let grace: NodeJS.Timeout | undefined
  const onInterrupt = (): void => {
    child.kill('SIGINT')
    grace = setTimeout(() => killGroup(child), graceSeconds * 1000)
  }
  interrupt.addEventListener('abort', onInterrupt, { once: true })
  try {
    return await resultOf(child, task, onProgress, interrupt)
  } finally {
    interrupt.removeEventListener('abort', onInterrupt)
    clearTimeout(timer)
    clearTimeout(grace)
    killGroup(child)
  }
}

async function resultOf(
  child: ChildProcess,
  task: ProcessTask,
  onProgress: (text: string) => void,
  interrupt: AbortSignal,
): Promise<object | undefined> {
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-stderrCharactersMax)
  })
  let last: ProcessMessage | undefined
  child.on('message', (message: ProcessMessage) => {
    if (message.kind === 'progress') onProgress(message.text)
    else last = message
    if (message.kind === 'filled') killGroup(child)
  })
  const ended = endOf(child)
  child.send(task)
  const [code, signal] = await ended
  if (last?.kind === 'result') return last.result
  if (last?.kind === 'filled' || interrupt.aborted) return undefined
  if (last?.kind === 'failure') throw new RunFailedError(last.reason)
  throw new RunFailedError(`its process ended with ${signal ?? code}: ${stderr.trim().split('\n').at(-1)}`)
}

/** Its exit code or signal; a process that could not be started, or be told its task, has failed. */
async function endOf(child: ChildProcess): Promise<[number | null, string | null]> {
  try {
    return (await once(child, 'close')) as [number | null, string | null]
  } catch (cause) {
    throw new RunFailedError(`its process could not be used: ${String(cause)}`, { cause })
  }
}

/** Ends the process and what it started; nothing when all have ended. */
function killGroup(child: ChildProcess): void {
  const { pid } = child
  if (pid === undefined) return
  if (process.platform === 'win32') {
    // No groups there; and no redis-server, the only thing that a run starts.
    child.kill('SIGKILL')
    return
  }
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
