import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

/** How often the process is killed; more by `TIDEMARK_KILLS`. */
const kills = Number(process.env['TIDEMARK_KILLS'] ?? 200)
const accounts = 20
const balance = 100
const program = fileURLToPath(new URL('../kit/workers/witness.mjs', import.meta.url))

interface Found {
  readonly counters: Readonly<Record<string, number>>
  readonly log: readonly (readonly [string, number, string, number])[]
  readonly bank: readonly number[]
}

interface Life {
  /** What recovery found; undefined if the process was killed before it could say. */
  readonly found: Found | undefined
  /** The last acknowledged count of each lane, as seen from outside. */
  readonly acknowledged: ReadonlyMap<string, number>
  readonly errors: string
  /** How long it took to recover. */
  readonly readyMs: number | undefined
}

/** When the process is killed: so long after its start, or after its first acknowledgement. */
interface Death {
  readonly afterStartMs?: number
  readonly afterFirstMs?: number
}

/** Lets the process live for a while, and kills it. */
async function live(path: string, { afterStartMs, afterFirstMs }: Death, ...rest: string[]): Promise<Life> {
  const startedMs = performance.now()
  const child = spawn(process.execPath, [program, path, ...rest], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  let timer = setTimeout(() => child.kill('SIGKILL'), afterStartMs ?? 60_000)
  let readyMs: number | undefined
  const acknowledged = new Map<string, number>()
  let found: Found | undefined
  let errors = ''
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString()
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const [name, text] = line.split(/ (.*)/s)
    if (name === 'found') {
      readyMs = performance.now() - startedMs
      found = JSON.parse(text!) as Found
      continue
    }
    if (acknowledged.size === 0 && afterFirstMs !== undefined) {
      clearTimeout(timer)
      timer = setTimeout(() => child.kill('SIGKILL'), afterFirstMs)
    }
    acknowledged.set(name!, Number(text))
  }
  clearTimeout(timer)
  await exited
  return { found, acknowledged, errors, readyMs }
}

function check({ counters, log, bank }: Found, acknowledged: ReadonlyMap<string, number>): void {
  for (const [lane, count] of acknowledged) {
    expect(counters[lane] ?? 0, `what lane ${lane} was told`).toBeGreaterThanOrEqual(count)
  }
  for (const [lane, count] of Object.entries(counters)) {
    const entries = log.filter(([name]) => name === lane)
    const expected = Array.from({ length: Math.min(5, count) }, (_, i) => count - Math.min(5, count) + 1 + i)
    expect(
      entries.map(([, at]) => at),
      `transactions of ${lane} are whole`,
    ).toEqual(expected)
  }
  for (const [lane, at, other, seen] of log) {
    expect(counters[other] ?? 0, `what ${lane} read at ${at} is there`).toBeGreaterThanOrEqual(seen)
  }
  if (bank.length === 0) return
  expect(bank).toHaveLength(accounts)
  expect(bank.reduce((sum, amount) => sum + amount)).toBe(accounts * balance)
}

test('nothing acknowledged is lost when the process is killed, in recovery and checkpoints too', {
  timeout: 30_000 + kills * 2_000,
}, async () => {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-kill-'))
  onTestFinished(({ task }) => {
    if (task.result?.state === 'pass') rmSync(path, { recursive: true })
    else process.stdout.write(`the store is kept in ${path}\n`)
  })
  const acknowledged = new Map<string, number>()
  let recoveries = 0
  let startMs = 300
  for (let i = 0; i < kills; i++) {
    // Every fourth is killed while it starts and recovers.
    const death =
      i % 4 === 3 ? { afterStartMs: startMs * (0.3 + Math.random()) } : { afterFirstMs: Math.random() * 100 }
    const { found, errors, readyMs, ...life } = await live(path, death)
    startMs = readyMs ?? startMs
    expect(errors).toBe('')
    if (found !== undefined) {
      recoveries++
      check(found, acknowledged)
      for (const [lane, count] of Object.entries(found.counters)) acknowledged.set(lane, count)
    }
    for (const [lane, count] of life.acknowledged) acknowledged.set(lane, count)
  }
  const { found } = await live(path, {}, 'verify')
  check(found!, acknowledged)
  expect(recoveries).toBeGreaterThan(kills / 2)
  expect([...acknowledged.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(kills)
})
