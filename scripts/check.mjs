// Runs every check, the same here and in CI, and ends with the line `N passed, N failed`: one for each test
// and one for each other check. A check that fails does not keep the later ones from running.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {{ passed: number, failed: number }} Counts
 * @typedef {object} Check
 * @property {string} name
 * @property {string} command
 * @property {() => void} [verify] throws when the command ended well but did not do its work
 * @property {() => Counts} [count] what the command ran, where it is more than one check
 */

const minutesPerCheck = 12

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'))
const work = mkdtempSync(join(tmpdir(), 'tidemark-check-'))
const report = join(work, 'tests.json')
const numbers = join(work, 'ycsb.json')
const compared = 'ycsb-a,durable-1,recovery,recovery-checkpoint,checkpoint-never,checkpoint-always'

/** @type {readonly Check[]} */
const checks = [
  { name: 'build', command: 'npm run build' },
  {
    name: 'tests',
    command: `npm test -- --reporter=default --reporter=json --outputFile.json=${report}`,
    count: countTests,
  },
  { name: 'types', command: 'npm run typecheck' },
  { name: 'lint', command: 'npm run lint' },
  { name: 'format', command: 'npm run format:check' },
  { name: 'quickstart', command: 'npm start' },
  ...examples().map((file) => ({ name: `example ${file}`, command: `node examples/${file}` })),
  {
    name: 'benchmark, small',
    command: `npm run bench:ycsb -- --records 1000 --threads 2 --seconds 0.3 --warmup 0.1 --json ${numbers}`,
    verify: verifyNumbers,
  },
  {
    name: 'TPC-C, small',
    command: 'npm run bench:tpcc -- --scale 0.01 --threads 2 --seconds 0.5 --warmup 0.1',
  },
  {
    name: 'comparison of databases, small',
    command: `npm run bench:all -- --size small --workloads ${compared} --threads 2 --json ${numbers}`,
    verify: verifyNumbers,
  },
  { name: 'micro-benchmarks, small', command: 'npm run bench:micro -- 10' },
  { name: 'package', command: `npm pack --pack-destination ${work}` },
  { name: 'package is well formed', command: `npx publint --strict ${work}/tidemark-*.tgz` },
  {
    name: 'package has types',
    command: `npx attw --no-definitely-typed --profile esm-only ${work}/tidemark-*.tgz`,
  },
  { name: 'package installs and runs', command: `bash scripts/check-install.sh ${work}` },
]

process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))

/** @type {(Counts & { name: string, seconds: number })[]} */
const results = []
/** Told again under the summary: where a log is cut to its end, the end says what failed. @type {string[]} */
const failedTests = []
for (const check of checks) {
  console.log(`\n=== ${check.name}: ${check.command}`)
  const started = performance.now()
  const counts = await run(check)
  results.push({ name: check.name, seconds: (performance.now() - started) / 1000, ...counts })
}
rmSync(work, { recursive: true, force: true })

console.log('\n=== summary')
for (const { name, seconds, passed, failed } of results) {
  const verdict = failed === 0 ? 'ok    ' : 'FAILED'
  console.log(
    `${verdict} ${seconds.toFixed(1).padStart(6)} s  ${name}${passed > 1 ? ` (${passed} passed)` : ''}`,
  )
}
for (const failure of failedTests) console.log(`\n${failure}`)
const passed = results.reduce((sum, result) => sum + result.passed, 0)
const failed = results.reduce((sum, result) => sum + result.failed, 0)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
console.log(`\n${passed} passed, ${failed} failed`)

function examples() {
  return readdirSync('examples').filter((file) => file.endsWith('.mjs') && file !== 'quickstart.mjs')
}

/**
 * @param {Check} check
 * @returns {Promise<Counts>}
 */
async function run({ command, verify, count }) {
  const problem = await problemOf(command, verify)
  if (problem !== undefined) console.log(`--- ${problem}`)
  const counts = count?.() ?? { passed: 0, failed: 0 }
  if (problem !== undefined && counts.failed === 0) counts.failed = 1
  if (problem === undefined && counts.passed + counts.failed === 0) counts[count ? 'failed' : 'passed'] = 1
  return counts
}

/**
 * @param {string} command
 * @param {Check['verify']} verify
 */
async function problemOf(command, verify) {
  const problem = await shell(command)
  if (problem !== undefined) return problem
  try {
    verify?.()
    return undefined
  } catch (error) {
    return String(error)
  }
}

/**
 * @param {string} command
 * @returns {Promise<string | undefined>}
 */
function shell(command) {
  // A group of its own, so that ending a check that hangs ends the programs it started too.
  const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'inherit', 'inherit'], detached: true })
  const { pid } = child
  const end = () => pid !== undefined && process.kill(-pid, 'SIGKILL')
  const timer = setTimeout(end, minutesPerCheck * 60_000)
  process.once('exit', end)
  return new Promise((resolve) => {
    const ended = (/** @type {string | undefined} */ problem) => {
      clearTimeout(timer)
      process.off('exit', end)
      resolve(problem)
    }
    child.once('error', (error) => ended(String(error)))
    child.once('close', (code, signal) => {
      const how =
        signal === null ? `exit code ${code}` : `${signal} (the limit is ${minutesPerCheck} minutes)`
      ended(code === 0 ? undefined : `ended with ${how}`)
    })
  })
}

/** @returns {Counts} */
function countTests() {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
    for (const file of testResults) failedTests.push(...failuresOf(file))
    return { passed: numPassedTests, failed: numFailedTests }
  } catch {
    return { passed: 0, failed: 0 }
  }
}

/**
 * @typedef {{ fullName: string, status: string, failureMessages: string[] }} Test
 * @param {{ name: string, status: string, message: string, assertionResults: Test[] }} file
 *   as Vitest's JSON reporter writes it
 * @returns {string[]}
 */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name)
  const tests = assertionResults.filter((test) => test.status === 'failed')
  if (tests.length === 0 && status === 'failed') return [`FAILED ${file}\n${message}`]
  return tests.map((test) => {
    const reasons = test.failureMessages.join('\n').split('\n').slice(0, 20)
    return `FAILED ${file}: ${test.fullName}\n${reasons.join('\n')}`
  })
}

/** A benchmark that measures nothing would still end well. */
function verifyNumbers() {
  const { results: rows } = JSON.parse(readFileSync(numbers, 'utf8'))
  if (!Array.isArray(rows) || rows.length === 0) throw new Error('the benchmark wrote no results')
  for (const row of rows) {
    if (!(row.committedPerSecond > 0)) throw new Error(`nothing committed: ${JSON.stringify(row)}`)
  }
}
