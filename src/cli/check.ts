import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type CommandDef, defineCommand } from 'citty'
import { checkHistory, UnknownWorkloadError } from '../check/checkHistory.js'
import { anomalyTypes, type Verdict } from '../check/verdict.js'
import { TidemarkError } from '../errors.js'
import type { History } from '../history/history.js'
import { readHistory } from '../history/read.js'
import { printable } from '../report/html.js'
import { type JudgedHistory, renderVerdictPage } from '../report/verdictPage.js'
import { verdictText } from '../report/verdictText.js'
import { checkArguments, type CheckRequest, CheckUsageError, readCheckOptions } from './checkOptions.js'
import { CheckProgressLine, textStyle } from './checkScreen.js'

/** What the process ends with; 64 and above as in sysexits.h, so that no failure looks like a verdict. */
const exitCodes = { valid: 0, invalid: 1, unknown: 2, usage: 64, badInput: 65, internal: 70 } as const

/** `tidemark check`. */
export const check: CommandDef = defineCommand({
  meta: { name: 'check', description: 'Judge recorded histories of any database' },
  args: checkArguments,
  async run({ rawArgs }) {
    process.stdout.on('error', stopWhenNobodyReads)
    process.exitCode = await checkFiles(rawArgs)
  },
})

async function checkFiles(rawArgs: readonly string[]): Promise<number> {
  try {
    const request = readCheckOptions(rawArgs)
    if (request.html !== undefined) await requireWritable(request.html)
    const judged: JudgedHistory[] = []
    let code: number = exitCodes.valid
    for (const file of request.files) {
      const found = await checkFile(file, request)
      if (typeof found === 'number') code = worse(code, found)
      else {
        code = worse(code, codeOf(found.verdict))
        if (request.html !== undefined) judged.push(found)
      }
    }
    if (request.html !== undefined) await writeFile(request.html, renderVerdictPage(judged))
    return code
  } catch (error) {
    return explain(error)
  }
}

/** The verdict, printed; or the exit code, when there is none and the reason has been told. */
async function checkFile(
  file: string,
  request: CheckRequest,
): Promise<{ verdict: Verdict; history: History } | number> {
  const progress = new CheckProgressLine(process.stderr)
  try {
    const history = await readHistory(file, {
      ...(request.format === undefined ? {} : { format: request.format }),
      onProgress: (share) => progress.show(file, 'read', share),
    })
    const verdict = noteGuess(
      {
        ...checkHistory(history, {
          ...request.options,
          onProgress: ({ phase, share }) => progress.show(file, phase, share),
        }),
        file,
      },
      request,
    )
    progress.clear()
    process.stdout.write(request.isJson ? jsonLine(verdict) : textOf(verdict, request))
    return { verdict, history }
  } catch (error) {
    progress.clear()
    return explain(error, file)
  }
}

function noteGuess(verdict: Verdict, { options }: CheckRequest): Verdict {
  if (options.workload !== undefined) return verdict
  const note = `The workload ${verdict.workload} was guessed from the history; --workload names another.`
  return { ...verdict, notes: [note, ...verdict.notes] }
}

function textOf(verdict: Verdict, { casesPerType, files }: CheckRequest): string {
  const text = verdictText(verdict, { ...textStyle(process.stdout), casesPerType })
  return files.length > 1 ? `${text}\n` : text
}

function jsonLine(verdict: Verdict): string {
  const { file, workload, models, valid, not, alsoNot, seconds } = verdict
  const told = { file, workload, models, valid, anomalyTypes: anomalyTypes(verdict), not, alsoNot, seconds }
  return `${JSON.stringify(told)}\n`
}

function codeOf({ valid }: Verdict): number {
  if (valid === 'unknown') return exitCodes.unknown
  return valid ? exitCodes.valid : exitCodes.invalid
}

/** Of several files the worst counts: one that could not be checked, then invalid, unknown, valid. */
function worse(a: number, b: number): number {
  if (a > exitCodes.unknown || b > exitCodes.unknown) return Math.max(a, b)
  if (a === exitCodes.invalid || b === exitCodes.invalid) return exitCodes.invalid
  return Math.max(a, b)
}

async function requireWritable(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK)
  } catch (cause) {
    throw new CheckUsageError(`cannot write ${path}: ${messageOf(cause)}`, { cause })
  }
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() === true) throw new CheckUsageError(`cannot write ${path}: it is a folder`)
}

/** Says what went wrong, and answers the exit code. */
function explain(error: unknown, file?: string): number {
  const tell = (text: string): void => void process.stderr.write(`tidemark check: ${printable(text)}\n`)
  if (error instanceof CheckUsageError || error instanceof UnknownWorkloadError) {
    tell(file === undefined ? error.message : `${file}: ${error.message}`)
    process.stderr.write('See tidemark check --help.\n')
    return exitCodes.usage
  }
  if (error instanceof TidemarkError) {
    tell(file === undefined || error.message.startsWith(file) ? error.message : `${file}: ${error.message}`)
    return exitCodes.badInput
  }
  if (error instanceof Error && 'code' in error && 'syscall' in error) {
    tell(error.message)
    return exitCodes.badInput
  }
  process.stderr.write(
    `tidemark check: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  return exitCodes.internal
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** As in `tidemark check ... | head`. */
function stopWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(exitCodes.internal)
  throw error
}
