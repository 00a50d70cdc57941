import { importsOf, resolveImport, type Import } from './imports.js'
import type { Source } from './sources.js'

const engine = ['tid', 'memory', 'mvcc', 'durable', 'store'] as const

/**
 * What each part may import, besides itself and `errors`:
 *
 *     tid <- memory <- mvcc <- store <- index      history <- check <- report <- cli
 *            tid, memory <- durable <- store       index <- cli, which loads bench when asked to
 *
 * `mvcc` and `durable` never meet below `store`. `history` and `check` judge any database, so they know no
 * engine.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  tid: [],
  memory: ['tid'],
  mvcc: ['memory', 'tid'],
  durable: ['memory', 'tid'],
  store: ['durable', 'mvcc', 'memory', 'tid'],
  index: engine,
  journal: ['durable', 'memory', 'tid'],
  history: [],
  check: ['history'],
  report: ['check', 'history'],
  cli: ['index', 'journal', 'report', 'check', 'history'],
}

/**
 * `bench` and `examples` use the package as anybody does. Only the micro-benchmarks look below the public
 * door.
 */
const outsiders = ['bench', 'examples']
const belowTheDoor = 'bench/micro/'

/** Folders whose code runs to completion: no `await`, and no module that could suspend it. */
export const coreFolders: readonly string[] = ['src/tid/', 'src/memory/', 'src/mvcc/']
const coreModules = ['node:buffer', 'node:os', 'node:process', 'node:worker_threads']

/** The part of the program a file belongs to: a folder or a file of `src`, else the top folder. */
export function partOf(path: string): string {
  const [top, second] = path.split('/')
  return top === 'src' && second !== undefined ? second.replace(/\.ts$/, '') : (top ?? path)
}

/** Imports that point the wrong way, types included: a type is a dependency of the design too. */
export function wrongImports(sources: readonly Source[], packages: readonly string[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source).flatMap((found) => {
      const reason = wrongImport(source, found, packages)
      return reason === undefined
        ? []
        : [`${source.path}:${found.line}: imports '${found.specifier}': ${reason}`]
    }),
  )
}

function wrongImport(source: Source, found: Import, packages: readonly string[]): string | undefined {
  const target = resolveImport(source, found.specifier)
  if (target === undefined) return wrongPackage(source, found.specifier, packages)
  const from = partOf(source.path)
  const to = partOf(target)
  if (from === to) return undefined
  if (outsiders.includes(from)) {
    return source.path.startsWith(belowTheDoor)
      ? undefined
      : `${from} imports 'tidemark', packages and itself only`
  }
  const allowed = mayImport[from]
  if (allowed === undefined) return `src/${from} has no layer; give it one in test/source/layers.ts`
  if (to === 'errors' || allowed.includes(to)) return undefined
  if (from === 'cli' && to === 'bench' && found.kind === 'dynamic') return undefined
  return `${from} may import ${['errors', ...allowed].join(', ')}`
}

function wrongPackage(source: Source, specifier: string, packages: readonly string[]): string | undefined {
  if (!source.path.startsWith('src/')) return undefined
  if (coreFolders.some((folder) => source.path.startsWith(folder))) {
    return coreModules.includes(specifier) ? undefined : `the core imports ${coreModules.join(', ')} only`
  }
  if (specifier.startsWith('node:')) return undefined
  const name = packageOf(specifier)
  return packages.includes(name) ? undefined : `'${name}' is not a dependency of the package`
}

/** Dependencies that users install for nothing. */
export function unusedPackages(sources: readonly Source[], packages: readonly string[]): string[] {
  const used = new Set(sources.flatMap(importsOf).map(({ specifier }) => packageOf(specifier)))
  return packages.filter((name) => !used.has(name)).map((name) => `package.json: nothing imports '${name}'`)
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** Groups of files that import each other when run, one cycle named per group. */
export function runTimeCycles(sources: readonly Source[]): string[] {
  const edges = new Map(sources.map((source) => [source.path, runTimeImports(source)]))
  const state = new Map<string, 'open' | 'done'>()
  const trail: string[] = []
  const cycles: string[] = []
  const visit = (path: string): void => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      return
    }
    state.set(path, 'open')
    trail.push(path)
    for (const next of edges.get(path) ?? []) visit(next)
    trail.pop()
    state.set(path, 'done')
  }
  for (const path of edges.keys()) visit(path)
  return cycles
}

function runTimeImports(source: Source): string[] {
  return importsOf(source)
    .filter(({ kind }) => kind === 'static' || kind === 'dynamic')
    .flatMap(({ specifier }) => resolveImport(source, specifier) ?? [])
}

/** Files that nothing reachable from an entry imports, not even as a type. */
export function deadFiles(sources: readonly Source[], entries: readonly string[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const reached = new Set<string>()
  const queue = [...entries]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const source = byPath.get(path)
    if (source === undefined || reached.has(path)) continue
    reached.add(path)
    queue.push(...importsOf(source).flatMap(({ specifier }) => resolveImport(source, specifier) ?? []))
  }
  return sources.filter(({ path }) => !reached.has(path)).map(({ path }) => `${path}: nothing imports it`)
}
