// Compares the micro-benchmarks of the working tree with those of another version, to show what has become
// slower:
//
//     npm run bench:compare -- REF [engine|codecs|api|journal ...] [--rounds N] [--ms N] [--limit PERCENT]
//
// The other version is built in a temporary worktree with this version's benchmarks, so that both measure the
// same. Their programs take turns. A line is marked when the medians differ by more than the limit and the
// rounds of the two do not overlap; the exit code is 1 if one of these is slower.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const parts = ['below.js', 'sides.js']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '60' },
    limit: { type: 'string', default: '5' },
  },
})
const [ref, ...named] = positionals
const rounds = Number(values.rounds)
const milliseconds = Number(values.ms)
const limit = Number(values.limit)
if (ref === undefined || !(rounds > 0 && milliseconds > 0 && limit >= 0)) {
  console.error('usage: npm run bench:compare -- REF [NAME ...] [--rounds N] [--ms N] [--limit PERCENT]')
  process.exit(2)
}

/** @param {string[]} args */
function git(...args) {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
}

const commit = git('rev-parse', '--verify', `${ref}^{commit}`)
const folder = mkdtempSync(join(tmpdir(), 'tidemark-compare-'))
const other = join(folder, 'tree')
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))
process.on('exit', () => {
  spawnSync('git', ['worktree', 'remove', '--force', other], { cwd: root })
  rmSync(folder, { recursive: true, force: true })
})

git('worktree', 'add', '--detach', other, commit)
rmSync(join(other, 'bench/micro'), { recursive: true, force: true })
cpSync(join(root, 'bench/micro'), join(other, 'bench/micro'), { recursive: true })
symlinkSync(join(root, 'node_modules'), join(other, 'node_modules'))
// Types may have changed since; what cannot run at the other version says so below.
spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: other })

const names = readdirSync(join(root, 'dist/bench/micro'))
  .filter((file) => file.endsWith('.js') && !parts.includes(file))
  .map((file) => file.replace('.js', ''))
const unknown = named.find((name) => !names.includes(name))
if (unknown !== undefined) {
  console.error(`there is no micro-benchmark ${unknown}; there are ${names.join(', ')}`)
  process.exit(2)
}

/**
 * One run of a program: nanoseconds by name, or undefined where the version cannot run it.
 *
 * @param {string} tree
 * @param {string} name
 * @returns {Map<string, number> | undefined}
 */
function measure(tree, name) {
  const program = join(tree, 'dist/bench/micro', `${name}.js`)
  if (!existsSync(program)) return undefined
  const { status, stdout } = spawnSync(process.execPath, [program, String(milliseconds), '--json'], {
    cwd: tree,
    encoding: 'utf8',
  })
  return status === 0 ? new Map(JSON.parse(stdout)) : undefined
}

/** @param {readonly number[]} numbers */
function spreadOf(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const [low, middle, high] = [sorted[0] ?? 0, sorted[sorted.length >> 1] ?? 0, sorted.at(-1) ?? 0]
  return { low, middle, high, text: `${middle.toFixed(1)} (${low.toFixed(1)}-${high.toFixed(1)})` }
}

const head = ['operation', `${ref} ns`, 'now ns', 'ratio']
const widths = [44, 26, 26, 12]
/** @param {readonly string[]} cells */
function line(cells) {
  return cells
    .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
    .join('')
}

console.log(`${rounds} rounds of ${milliseconds} ms; median (least-most)\n\n${line(head)}`)
let slower = 0
let compared = 0
for (const name of named.length > 0 ? named : names) {
  /** @type {Map<string, { before: number[], now: number[] }>} */
  const times = new Map()
  for (let round = 0; round < rounds; round++) {
    for (const isOther of round % 2 === 0 ? [true, false] : [false, true]) {
      for (const [operation, ns] of measure(isOther ? other : root, name) ?? []) {
        const both = times.get(operation) ?? { before: [], now: [] }
        both[isOther ? 'before' : 'now'].push(ns)
        times.set(operation, both)
      }
    }
  }
  if (times.size === 0) throw new Error(`${name} ran at neither version`)
  for (const [operation, both] of times) {
    const [before, now] = [spreadOf(both.before), spreadOf(both.now)]
    if (both.before.length === 0 || both.now.length === 0) {
      const only = both.before.length === 0 ? 'only now' : `only at ${ref}`
      console.log(
        line([operation, both.before.length ? before.text : '-', both.now.length ? now.text : '-', only]),
      )
      continue
    }
    compared += 1
    const ratio = now.middle / before.middle
    const isSlower = ratio > 1 + limit / 100 && now.low > before.high
    const isFaster = ratio < 1 - limit / 100 && now.high < before.low
    if (isSlower) slower += 1
    const mark = isSlower ? '  slower' : isFaster ? '  faster' : ''
    console.log(line([operation, before.text, now.text, ratio.toFixed(2)]) + mark)
  }
}
if (compared === 0) throw new Error(`nothing of ${ref} could be measured`)
console.log(`\n${compared} compared, ${slower} slower by more than ${limit} %`)
process.exitCode = slower > 0 ? 1 : 0
