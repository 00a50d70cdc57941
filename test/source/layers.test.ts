import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { deadFiles, runTimeCycles, unusedPackages, wrongImports } from './layers.js'
import { parseSource, readSources, root } from './sources.js'

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
const packages = Object.keys(manifest.dependencies)

/** The sources of the files that package.json names: `./dist/cli/main.js` is built from `src/cli/main.ts`. */
function entries(): string[] {
  const doors = Object.values(manifest.exports).map((door) =>
    typeof door === 'string' ? door : door.default,
  )
  return [...doors, ...Object.values(manifest.bin)]
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.replace(/^(\.\/)?dist\//, 'src/').replace(/\.js$/, '.ts'))
}

function planted(files: Readonly<Record<string, string>>) {
  return Object.entries(files).map(([path, text]) => parseSource(path, text))
}

describe('the source', () => {
  const sources = readSources(['src', 'bench', 'examples'])
  const engine = readSources(['src'])

  test('imports in one direction', () => {
    expect(wrongImports(sources, packages)).toEqual([])
  })

  test('has no import cycle at run time', () => {
    expect(runTimeCycles(sources)).toEqual([])
  })

  test('uses every package it depends on', () => {
    expect(unusedPackages(readSources(['src', 'bench']), packages)).toEqual([])
  })

  test('has no dead file', () => {
    expect(deadFiles(engine, entries())).toEqual([])
  })
})

describe('the import rule finds', () => {
  test.each([
    ['a layer below importing one above', 'src/tid/site.ts', `import { grow } from '../memory/arena.js'`],
    ['a type from a layer above', 'src/mvcc/tuple.ts', `import type { Store } from '../store/store.js'`],
    ['an inline type from above', 'src/mvcc/tuple.ts', `let a: import('../store/store.js').Store`],
    ['a re-export from above', 'src/memory/latch.ts', `export * from '../mvcc/tuple.js'`],
    ['mvcc meeting durable', 'src/mvcc/commit.ts', `import { append } from '../durable/journal.js'`],
    ['durable meeting mvcc', 'src/durable/journal.ts', `import type { Tuple } from '../mvcc/tuple.js'`],
    ['a checker that knows the engine', 'src/check/graph.ts', `import { tid } from '../tid/stamp.js'`],
    ['a history that knows the store', 'src/history/record.ts', `import { open } from '../index.js'`],
    ['a layer importing the public door', 'src/store/store.ts', `import { open } from '../index.js'`],
    ['a command behind the public door', 'src/cli/main.ts', `import { open } from '../store/open.js'`],
    ['a command that loads benchmarks at once', 'src/cli/main.ts', `import '../../bench/ycsb/run.js'`],
    ['a benchmark behind the public door', 'bench/ycsb/run.ts', `import { open } from '../../src/index.js'`],
    ['an example behind the public door', 'examples/a.mjs', `import { open } from '../dist/index.js'`],
    ['a folder without a layer', 'src/extras/a.ts', `import { open } from '../store/open.js'`],
    ['an undeclared package', 'src/store/codec.ts', `import { pack } from 'cbor-x'`],
    ['I/O in the core', 'src/mvcc/commit.ts', `import { writeSync } from 'node:fs'`],
    ['a package in the core', 'src/mvcc/commit.ts', `import { pack } from 'msgpackr/pack'`],
  ])('%s', (_, path, text) => {
    expect(wrongImports(planted({ [path]: text }), ['msgpackr'])).toHaveLength(1)
  })

  test('nothing in imports that follow the layers', () => {
    const allowed = planted({
      'src/memory/arena.ts': `import { site } from '../tid/site.js'; import { TidemarkError } from '../errors.js'`,
      'src/store/store.ts': `import { commit } from '../mvcc/commit.js'; import { pack } from 'msgpackr/pack'`,
      'src/index.ts': `export { open } from './store/open.js'; export { MemoryFullError } from './memory/errors.js'`,
      'src/cli/main.ts': `import { open } from '../index.js'; await import('../../bench/ycsb/run.js')`,
      'bench/ycsb/run.ts': `import { open } from 'tidemark'; import { zipf } from '../generators/zipf.js'`,
      'bench/micro/commit.ts': `import { commit } from '../../src/mvcc/commit.js'`,
    })
    expect(wrongImports(allowed, ['msgpackr'])).toEqual([])
  })
})

describe('the cycle rule finds', () => {
  test('two files that import each other', () => {
    const sources = planted({
      'src/a.ts': `import { b } from './b.js'`,
      'src/b.ts': `import { a } from './a.js'`,
    })
    expect(runTimeCycles(sources)).toEqual(['src/a.ts -> src/b.ts -> src/a.ts'])
  })

  test('a cycle closed by a re-export, an inline type import or import()', () => {
    const sources = planted({
      'src/a.ts': `import { type B } from './b.js'`,
      'src/b.ts': `export * from './c.js'`,
      'src/c.ts': `await import('./a.js')`,
    })
    expect(runTimeCycles(sources)).toHaveLength(1)
  })

  test('nothing in a cycle that type imports close, which the compiler erases', () => {
    const sources = planted({
      'src/a.ts': `import { b } from './b.js'`,
      'src/b.ts': `import type { A } from './a.js'`,
    })
    expect(runTimeCycles(sources)).toEqual([])
  })
})

test('the package rule finds a dependency without an import', () => {
  const sources = planted({ 'src/a.ts': `import { pack } from 'msgpackr/pack'; import { b } from '@c/d/e'` })
  expect(unusedPackages(sources, ['msgpackr', '@c/d', 'citty'])).toEqual([
    `package.json: nothing imports 'citty'`,
  ])
})

describe('the dead file rule finds', () => {
  test('a file that only a dead file imports', () => {
    const sources = planted({
      'src/index.ts': `export { a } from './a.js'`,
      'src/a.ts': `new Worker(new URL('./worker.js', import.meta.url))`,
      'src/worker.ts': '',
      'src/dead.ts': `import { a } from './deader.js'`,
      'src/deader.ts': '',
    })
    expect(deadFiles(sources, ['src/index.ts'])).toEqual([
      'src/dead.ts: nothing imports it',
      'src/deader.ts: nothing imports it',
    ])
  })
})
