// Runs the micro-benchmarks, or those named: npm run bench:micro -- codecs
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = join(dirname(fileURLToPath(import.meta.url)), '../dist/bench/micro')
const all = readdirSync(folder)
  .filter((file) => file.endsWith('.js'))
  .map((file) => basename(file, '.js'))
const names = process.argv.length > 2 ? process.argv.slice(2) : all

for (const name of names) {
  if (!all.includes(name)) throw new Error(`there is no micro-benchmark ${name}; there are ${all.join(', ')}`)
  console.log(`\n${name}`)
  const { status } = spawnSync(process.execPath, [join(folder, `${name}.js`)], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
