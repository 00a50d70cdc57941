import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fork } from 'node:child_process'
import { checkHistory } from 'tidemark/check'
import { operationToJson, readHistory } from 'tidemark/history'
import { Simulation, type SimulationOptions } from './simulation.js'

// Times the checker on histories of a correct database. Each size runs in a process of its own, which prints
// one line; the digest of the operations and the verdict show that the same work was done.

const sizes = [10_000, 100_000, 1_000_000]

interface Times {
  readonly transactions: number
  readonly workload: SimulationOptions['workload']
  readonly megabytes: number
  readonly readSeconds: number
  readonly checkSeconds: number
  /** Of all threads of the process, its start included. */
  readonly cpuSeconds: number
  readonly peakMegabytes: number
  readonly valid: true | false | 'unknown'
  readonly edges: number
  readonly digest: string
}

function writeHistory(file: string, options: SimulationOptions): string {
  const descriptor = openSync(file, 'w')
  let lines: string[] = []
  let digest = 0
  let index = 0
  const flush = () => {
    writeSync(descriptor, `${lines.join('\n')}\n`)
    lines = []
  }
  for (const operation of new Simulation(options).run()) {
    const line = operationToJson({ ...operation, index, time: index * 1000 })
    for (let i = 0; i < line.length; i += 1) digest = (Math.imul(digest, 31) + line.charCodeAt(i)) | 0
    lines.push(line)
    index += 1
    if (lines.length === 10_000) flush()
  }
  flush()
  closeSync(descriptor)
  return (digest >>> 0).toString(16)
}

async function measure(file: string): Promise<void> {
  const started = performance.now()
  const history = await readHistory(file)
  const read = performance.now()
  const { valid, stats } = checkHistory(history)
  const checked = performance.now()
  process.send?.({
    readSeconds: (read - started) / 1000,
    checkSeconds: (checked - read) / 1000,
    cpuSeconds: cpuSeconds(),
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
    valid,
    edges: stats['edges'],
  })
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function inChild(file: string): Promise<Omit<Times, 'transactions' | 'workload' | 'megabytes' | 'digest'>> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1]!, ['--measure', file])
    child.once('message', resolve)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the measuring process ended with code ${code}`)))
  })
}

async function run(transactions: readonly number[], workload: SimulationOptions['workload']): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-check-'))
  try {
    for (const count of transactions) {
      const file = join(folder, `${count}.jsonl`)
      const digest = writeHistory(file, { workload, transactions: count, processes: 10, seed: 1 })
      const megabytes = statSync(file).size / 1e6
      const times: Times = { transactions: count, workload, megabytes, digest, ...(await inChild(file)) }
      console.log(JSON.stringify(times))
      rmSync(file)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const [first, second] = process.argv.slice(2)
if (first === '--measure' && second !== undefined) await measure(second)
else {
  const workload = second === 'rw-register' ? second : 'list-append'
  await run(first === undefined ? sizes : first.split(',').map(Number), workload)
}
