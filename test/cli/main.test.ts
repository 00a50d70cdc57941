import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { tidemark } from './command.js'

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

describe('tidemark', () => {
  test('--version prints the version of the package', async () => {
    expect(await tidemark('--version')).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' })
  })

  test('--help names the commands, each --help those below', async () => {
    const root = await tidemark('--help')
    expect(root).toMatchObject({ code: 0, stderr: '' })
    expect(root.stdout).toMatch(/^ +bench +Run a benchmark/m)
    const bench = await tidemark('bench', '--help')
    expect(bench).toMatchObject({ code: 0, stderr: '' })
    expect(bench.stdout).toMatch(/^ +ycsb +/m)
  })

  test.each([[[]], [['bench']], [['bench', 'nothing']], [['nothing']]])(
    '%j is a usage error',
    async (args) => {
      const { code, stdout, stderr } = await tidemark(...args)
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(
        /^tidemark: (No command specified|Unknown command nothing)\.?\nSee tidemark --help\.\n$/,
      )
    },
  )

  test('nothing that is not a terminal gets colours', async () => {
    const outcome = await tidemark('bench', 'ycsb', '--help')
    expect(outcome.stdout + outcome.stderr).not.toContain('\x1b')
  })
})
