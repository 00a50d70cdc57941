import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { readSources, root } from '../source/sources.js'
import { compileExamples } from './compile.js'
import { docCommentExamples, markdownExamples, type Example } from './examples.js'

const documents = ['README.md', 'CONTRIBUTING.md', ...markdownBelow('docs')]
const examples = [
  ...documents.flatMap((path) => markdownExamples(path, readFileSync(join(root, path), 'utf8'))),
  ...readSources(['src']).flatMap(({ path, text }) => docCommentExamples(path, text)),
]
const folder = join(root, 'out/docs')

function markdownBelow(path: string): string[] {
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${path}/${name}`)
}

/** Runs an example as a user would. Rejects with what it printed when it exits with another code than 0. */
async function run(example: Example, below: string): Promise<string> {
  const file = join(below, example.file.replace(/\.ts$/, '.js'))
  // In a folder of its own: some write to the one they are in.
  const cwd = mkdtempSync(join(tmpdir(), 'tidemark-docs-'))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd, timeout: 20_000 })
    return stdout
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

/** What `console.log(...) // this` says it prints. */
function promisedOutput({ code }: Example): string[] {
  return [...code.matchAll(/^\s*console\.log\(.*\) \/\/ (.+)$/gm)].map((match) => match[1] ?? '')
}

describe('the documentation', () => {
  let errors: Map<Example, string[]>

  beforeAll(() => {
    if (!existsSync(join(root, 'dist/index.js')))
      throw new Error('dist/ is missing: `npm test` builds it first')
    errors = compileExamples(examples, folder)
  })

  test('has examples', () => {
    expect(examples.length).toBeGreaterThan(3)
  })

  test.each(examples.map((example) => [`${example.source}:${example.line}`, example] as const))(
    'has an example that compiles and runs at %s',
    async (_, example) => {
      expect(errors.get(example)).toEqual([])
      if (!example.isMain) return
      const printed = await run(example, folder)
      expect(promisedOutput(example).filter((line) => !printed.split('\n').includes(line))).toEqual([])
    },
  )

  test.each(documents)('names only scripts and files that exist in %s', (path) => {
    const text = readFileSync(join(root, path), 'utf8')
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }
    const scripts = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map((match) => match[1] ?? '')
    expect(scripts.filter((script) => !(script in manifest.scripts))).toEqual([])
    const links = [...text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)].map((match) =>
      join(dirname(path), match[1] ?? ''),
    )
    const quoted = [...text.matchAll(/`((?:src|bench|test|kit|examples|scripts)\/[\w./-]+\w)`/g)]
      .map((match) => match[1] ?? '')
      .map((name) => (name.startsWith('kit/') ? `test/${name}` : name))
    expect([...links, ...quoted].filter((name) => !existsSync(join(root, name)))).toEqual([])
  })
})

describe('an example', () => {
  const planted = join(root, 'out/docs-planted')

  test('that does not compile is found', () => {
    const found = compileExamples(markdownExamples('a.md', '```ts\nconst a: string = 1\n```\n'), planted)
    expect([...found.values()]).toEqual([[expect.stringContaining('not assignable')]])
  })

  test('that throws is found', async () => {
    const [example] = markdownExamples('b.md', '```js\nthrow new Error("planted")\n```\n')
    compileExamples([example!], planted)
    await expect(run(example!, planted)).rejects.toThrow('planted')
  })

  test('may continue the one before it, be a file of its own, or be left alone', () => {
    const text = [
      '```ts\nconst a = 1\n```',
      'then\n```ts continues\na + 1\n```',
      '```js file=worker.js\nwork()\n```',
      '```ts no-run\nnever\n```',
      '```sh\nnpm test\n```',
    ].join('\n')
    expect(markdownExamples('docs/a.md', text)).toEqual([
      {
        source: 'docs/a.md',
        line: 1,
        file: 'docs_a.md/line-1.ts',
        code: 'const a = 1\n\na + 1\n',
        isMain: true,
      },
      { source: 'docs/a.md', line: 8, file: 'docs_a.md/worker.js', code: 'work()\n', isMain: false },
    ])
  })

  test('of a doc comment is found below @example', () => {
    const text =
      'const z = 1\n/**\n * Adds.\n *\n * @example\n * ```ts\n * add(1)\n * ```\n */\nfunction add() {}\n'
    expect(docCommentExamples('src/a.ts', text)).toEqual([
      { source: 'src/a.ts', line: 6, file: 'src_a.ts/line-6.ts', code: 'add(1)\n', isMain: true },
    ])
    expect(docCommentExamples('src/a.ts', text.replace('@example', 'So:'))).toEqual([])
  })
})
