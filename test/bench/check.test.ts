import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { root } from '../source/sources.js'

test.each(['list-append', 'rw-register'])('the benchmark of the checker runs: %s', async (workload) => {
  const args = [join(root, 'dist/bench/check/main.js'), '200,400', workload]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 25_000 })
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines).toMatchObject([
    { transactions: 200, workload, valid: true, digest: expect.stringMatching(/^[0-9a-f]+$/) },
    { transactions: 400, workload, valid: true },
  ])
})
