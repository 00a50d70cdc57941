// Compares verdicts with the real Knossos, which runs in a container: docs/linearizability.md.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { workloadCheckers } from '../dist/check.js'
import { operationToEdn, readHistory } from '../dist/history.js'

const exitCodes = { agree: 0, differ: 1, unknown: 2, usage: 64, badInput: 65, unavailable: 69, failed: 70 }
const models = ['register', 'cas-register', 'mutex', 'linearizable-set', 'fifo-queue', 'unordered-queue']
const image = 'tidemark-knossos:0.3.13'
const folder = join(dirname(fileURLToPath(import.meta.url)), '../docker/knossos')
const buildLimitMs = 15 * 60_000
const startLimitMs = 60_000
const usage = `usage: npm run knossos -- FILE... [--model ${models.join('|')}] [--time-limit MS]`

/** Ends the command with a message and a code. */
class CommandError extends Error {
  /** @param {number} code @param {string} message */
  constructor(code, message) {
    super(message)
    this.code = code
  }
}

try {
  const { files, model, timeLimitMs } = readArguments()
  const histories = await Promise.all(files.map(async (file) => ({ file, history: await read(file) })))
  requireDocker()
  buildImage()
  let code = exitCodes.agree
  for (const { file, history } of histories) {
    const used = model ?? modelOf(history)
    const ours = workloadCheckers[used]?.(history, { timeMs: timeLimitMs, keyed: false })
    const theirs = askKnossos(history, used, timeLimitMs)
    const isUnknown = ours?.valid === 'unknown' || theirs.valid === 'unknown'
    const outcome = ours?.valid === theirs.valid ? 'agree' : isUnknown ? 'unknown' : 'differ'
    console.log(`${file}: Tidemark says ${ours?.valid}, Knossos says ${theirs.valid}: ${outcome}`)
    if (outcome === 'differ' || (outcome === 'unknown' && code === exitCodes.agree)) code = exitCodes[outcome]
  }
  process.exitCode = code
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = error instanceof CommandError ? error.code : exitCodes.failed
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { model: { type: 'string' }, 'time-limit': { type: 'string', default: '60000' } },
    })
    const timeLimitMs = Number(values['time-limit'])
    const { model } = values
    if (positionals.length === 0) throw new Error('no file given')
    if (!Number.isInteger(timeLimitMs) || timeLimitMs < 1) throw new Error('--time-limit takes milliseconds')
    if (model !== undefined && !models.includes(model)) throw new Error(`no model is called '${model}'`)
    return { files: positionals, model, timeLimitMs }
  } catch (error) {
    throw new CommandError(
      exitCodes.usage,
      `${error instanceof Error ? error.message : String(error)}\n${usage}`,
    )
  }
}

/** @param {string} file */
async function read(file) {
  try {
    return await readHistory(file)
  } catch (error) {
    throw new CommandError(exitCodes.badInput, error instanceof Error ? error.message : String(error))
  }
}

/** @param {import('../dist/history.js').History} history */
function modelOf(history) {
  return history.columns.names.includes('cas') ? 'cas-register' : 'register'
}

function requireDocker() {
  const { error, status, stderr } = docker(['info', '--format', '{{.ServerVersion}}'], startLimitMs)
  if (error === undefined && status === 0) return
  const reason = error === undefined ? stderr.trim().split('\n').at(-1) : error.message
  throw new CommandError(
    exitCodes.unavailable,
    `Knossos runs in a Docker container, and Docker does not run here (${reason}). ` +
      'Nothing was compared. `tidemark check` judges the same files without Knossos.',
  )
}

function buildImage() {
  const { error, status, stderr } = docker(['build', '--quiet', '--tag', image, folder], buildLimitMs)
  if (error === undefined && status === 0) return
  throw new CommandError(exitCodes.failed, `the image ${image} cannot be built: ${error?.message ?? stderr}`)
}

/**
 * @param {import('../dist/history.js').History} history
 * @param {string} model
 * @param {number} timeLimitMs
 * @returns {{ valid: boolean | 'unknown', op_index: number | null, cause: string | null }}
 */
function askKnossos(history, model, timeLimitMs) {
  const input = [...history].map(operationToEdn).join('\n')
  const command = ['run', '--rm', '--interactive', '--network', 'none', image, model, String(timeLimitMs)]
  const { error, status, stdout, stderr } = docker(command, timeLimitMs + startLimitMs, input)
  if (error === undefined && status === 0) return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  throw new CommandError(exitCodes.failed, `Knossos failed: ${error?.message ?? stderr}`)
}

/** @param {string[]} command @param {number} timeout @param {string} [input] */
function docker(command, timeout, input = '') {
  return spawnSync('docker', command, { encoding: 'utf8', timeout, input, maxBuffer: 2 ** 26 })
}
