// Runs the micro-benchmarks, or those named: npm run bench:micro -- codecs. A number is the milliseconds that
// each measurement takes: npm run bench:micro -- api 20
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = join(dirname(fileURLToPath(import.meta.url)), '../dist/bench/micro')
/** What the others are made with. */
const parts = ['below.js', 'sides.js']
const all = readdirSync(folder)
  .filter((file) => file.endsWith('.js') && !parts.includes(file))
  .map((file) => basename(file, '.js'))
const isNumber = (/** @type {string} */ text) => /^\d+$/.test(text)
const given = process.argv.slice(2)
const milliseconds = given.filter(isNumber)
const named = given.filter((argument) => !isNumber(argument))
const names = named.length > 0 ? named : all

for (const name of names) {
  if (!all.includes(name)) throw new Error(`there is no micro-benchmark ${name}; there are ${all.join(', ')}`)
  console.log(`\n${name}`)
  const { status } = spawnSync(process.execPath, [join(folder, `${name}.js`), ...milliseconds], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exitCode = 1
}
