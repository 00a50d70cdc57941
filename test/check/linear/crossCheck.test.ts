import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from '../../source/sources.js'

const histories = join(root, 'histories/knossos')
const valid = join(histories, 'register-ok-20-s2.jsonl')
const invalid = join(histories, 'cas-register-phantom-cas-40-s29.edn')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-knossos-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** A `docker` that answers `run` with a line, and notes what it was given. */
function fakeDocker(answer: string, daemon = 0): void {
  const script = `#!/bin/sh
echo "$*" >> '${folder}/commands'
case "$1" in
  info) [ ${daemon} = 0 ] || { echo 'Cannot connect to the Docker daemon' >&2; exit ${daemon}; } ;;
  run) cat > '${folder}/input'; echo '${answer}' ;;
esac
`
  writeFileSync(join(folder, 'docker'), script)
  chmodSync(join(folder, 'docker'), 0o755)
}

function knossos(...words: string[]) {
  const path = [folder, dirname(process.execPath), '/bin', '/usr/bin'].join(delimiter)
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/knossos.mjs', ...words], {
    cwd: root,
    encoding: 'utf8',
    timeout: 20_000,
    env: { PATH: path },
  })
  return { status, stdout, stderr }
}

test('without a Docker daemon the command says so, and ends with 69', () => {
  fakeDocker('', 1)
  const { status, stdout, stderr } = knossos(valid)
  expect({ status, stdout }).toEqual({ status: 69, stdout: '' })
  expect(stderr).toMatch(/Docker does not run here \(Cannot connect.*Nothing was compared/)
})

test('equal verdicts agree', () => {
  fakeDocker('{"valid":true,"op_index":null,"cause":null}')
  const { status, stdout } = knossos(valid, '--time-limit', '5000')
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: `${valid}: Tidemark says true, Knossos says true: agree\n`,
  })
  expect(readFileSync(join(folder, 'commands'), 'utf8')).toMatch(
    /build .*docker\/knossos\nrun .* register 5000\n/,
  )
  const [first] = readFileSync(join(folder, 'input'), 'utf8').split('\n')
  expect(first).toMatch(/^\{.*:type :invoke.*:f :write.*\}$/)
})

test('verdicts that differ end with 1, one that is unknown with 2', () => {
  fakeDocker('{"valid":true,"op_index":null,"cause":null}')
  expect(knossos(invalid)).toMatchObject({ status: 1, stdout: expect.stringContaining('differ') })
  fakeDocker('{"valid":"unknown","op_index":null,"cause":"timeout"}')
  expect(knossos(invalid)).toMatchObject({ status: 2, stdout: expect.stringContaining('unknown') })
})

test.each([
  ['no file', [], 64],
  ['another model', [valid, '--model', 'tree'], 64],
  ['a file that is none', [join(histories, 'none.jsonl')], 65],
  ['a file that is no history', [join(histories, 'README.md')], 65],
])('%s ends with its code', (_, words, status) => {
  fakeDocker('')
  expect(knossos(...words).status).toBe(status)
})
