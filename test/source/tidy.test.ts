import { describe, expect, test } from 'vitest'
import { parseSource, readSources } from './sources.js'
import { fileLengths, limits, rules, type Rule } from './tidy.js'

/** Files that may be longer, and how long; remove an entry as soon as its file fits. */
const longFiles: Readonly<Record<string, number>> = {}

const sources = readSources(['src', 'bench', 'test', 'examples', 'scripts'])

describe('every file of the repository keeps', () => {
  test.each(Object.entries(rules))('%s', (_, rule) => {
    expect(sources.flatMap(rule)).toEqual([])
  })

  test('to at most 400 lines', () => {
    expect(fileLengths(sources, longFiles)).toEqual([])
  })

  test('to the folders the rules read', () => {
    expect(sources.length).toBeGreaterThan(20)
  })
})

const marker = ['TO', 'DO'].join('')
const longBody = `{\n${'  step()\n'.repeat(limits.functionLines - 1)}}`
const fullBody = `{\n${'  step()\n'.repeat(limits.functionLines - 2)}}`

/** Per rule: a path, a text that breaks the rule once, and a text beside it that does not. */
const planted: Readonly<Record<string, readonly (readonly [path: string, broken: string, kept: string])[]>> =
  {
    noDefaultExport: [
      ['src/a.ts', 'export default 1', 'export const one = 1'],
      ['src/a.ts', 'export default function a() {}', 'export function a() {}'],
      ['src/a.ts', 'const a = 1\nexport { a as default }', 'const a = 1\nexport { a as one }'],
    ],
    noEnum: [['src/a.ts', 'enum Color { red }', `const colors = ['red'] as const`]],
    noNamespace: [['src/a.ts', 'namespace A { export const a = 1 }', 'const namespace = 1']],
    noAny: [
      ['src/a.ts', 'let a: any', 'let any: unknown'],
      ['test/a.ts', 'const a = b as any', '// any comment'],
    ],
    noConsole: [['src/store/a.ts', 'console.log(1)', `log('console.log')`]],
    noSuspension: [
      ['src/mvcc/a.ts', 'async function a() {}', 'function a() {}'],
      ['src/memory/a.ts', 'const a = async () => 1', 'const a = () => 1'],
      ['src/tid/a.ts', 'await a', 'const awaited = a'],
    ],
    noPostponedWork: [['src/a.ts', `// ${marker} later`, `// ${marker.toLowerCase()} list`]],
    noLongLine: [
      ['src/a.ts', `// ${'x'.repeat(limits.lineColumns - 2)}`, `// ${'é'.repeat(limits.lineColumns - 3)}`],
      [
        'src/a.ts',
        `let a\nlet ${'b'.repeat(limits.lineColumns)}`,
        `let a\nlet b = '${'b'.repeat(limits.lineColumns)}'`,
      ],
    ],
    noLongFunction: [
      ['src/a.ts', `function a() ${longBody}`, `function a() ${fullBody}`],
      ['src/a.ts', `const a = () => ${longBody}`, `const a = () => ${fullBody}`],
      ['test/a.ts', `test('a', () => ${longBody})`, `describe('a', () => ${longBody})`],
      ['src/a.ts', `class A {\nb() ${longBody}}`, `class A {\nb() ${fullBody}}`],
    ],
    noDumpingGround: [
      ['src/util/a.ts', '', ''],
      ['src/store/helpers.ts', '', ''],
    ],
  }

describe('each rule finds what is planted, and nothing else', () => {
  test.each(Object.entries(rules))('%s', (name, rule: Rule) => {
    const cases = planted[name] ?? []
    expect(cases.length).toBeGreaterThan(0)
    for (const [path, broken, kept] of cases) {
      expect(rule(parseSource(path, broken))).toEqual([expect.stringContaining(path)])
      expect(rule(parseSource(name === 'noDumpingGround' ? 'src/tid/utility.ts' : path, kept))).toEqual([])
    }
  })

  test('a command may print, an outer layer may wait', () => {
    expect(rules['noConsole']?.(parseSource('src/cli/main.ts', 'console.log(1)'))).toEqual([])
    expect(rules['noSuspension']?.(parseSource('src/store/a.ts', 'async function a() {}'))).toEqual([])
  })
})

describe('the list of long files', () => {
  const long = parseSource('src/long.ts', 'a\n'.repeat(limits.fileLines + 1))
  const short = parseSource('src/short.ts', 'a\n'.repeat(limits.fileLines))

  test('names a file over the limit', () => {
    expect(fileLengths([long, short], {})).toEqual([`src/long.ts: 401 lines, allowed 400`])
  })

  test('only shrinks', () => {
    expect(fileLengths([long, short], { 'src/long.ts': 401 })).toEqual([])
    expect(fileLengths([long], { 'src/long.ts': 450 })).toHaveLength(1)
    expect(fileLengths([short], { 'src/short.ts': 400 })).toHaveLength(1)
    expect(fileLengths([], { 'src/gone.ts': 500 })).toHaveLength(1)
  })
})
