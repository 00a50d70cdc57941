// Writes the tables of a comparison between the markers in README.md:
//     npx tidemark bench all --json out.json && npm run bench:readme -- out.json
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const { withTables } = await import('../dist/bench/all/markdown.js')
const [path] = process.argv.slice(2)
if (path === undefined) {
  console.error('Which results? npm run bench:readme -- out.json')
  process.exit(2)
}
const readme = join(fileURLToPath(new URL('..', import.meta.url)), 'README.md')
writeFileSync(readme, withTables(readFileSync(readme, 'utf8'), JSON.parse(readFileSync(path, 'utf8'))))
