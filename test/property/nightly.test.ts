import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test.each(['threads', 'deaths', 'kills'])('a short nightly round of %s is valid', async (round) => {
  const args = ['scripts/nightly.mjs', '--minutes', '0.001', '--seconds', '0.5', '--round', round]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 25_000 })
  expect(stdout).toContain('all histories are valid')
  expect(stdout).toMatch(/; \d+ ok, \d+ fail, \d+ info; valid/)
})
