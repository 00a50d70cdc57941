/**
 * One runnable text of the documentation. `source` and `line` say where it starts; `file` is where it is
 * written to be run, relative to the folder of all examples.
 */
export interface Example {
  readonly source: string
  readonly line: number
  readonly file: string
  readonly code: string
  /** False for a file that another example starts, such as a worker thread's. */
  readonly isMain: boolean
}

interface Block {
  readonly line: number
  readonly info: string
  readonly code: string
}

const languages = new Set(['ts', 'typescript', 'js', 'javascript'])

/**
 * The examples of a Markdown text. What follows the language in a fence decides what happens to it:
 *
 * - nothing: it is type-checked and run;
 * - `continues`: it is added to the example before it;
 * - `file=worker.js`: it is written beside the other examples of its document under this name and not run by
 *   itself;
 * - `no-run`: it is left alone.
 */
export function markdownExamples(source: string, text: string): Example[] {
  return toExamples(source, blocksOf(text, 1))
}

/** The fenced examples below `@example` in the doc comments of a source file. */
export function docCommentExamples(source: string, text: string): Example[] {
  const blocks = [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const start = comment[0].search(/^[\s*]*@example\b/m)
    if (start === -1) return []
    const firstLine = text.slice(0, comment.index + start).split('\n').length
    return blocksOf(comment[0].slice(start).replaceAll(/^[ \t]*\* ?/gm, ''), firstLine)
  })
  return toExamples(source, blocks)
}

function blocksOf(text: string, firstLine: number): Block[] {
  const fence = /^```([^\n`]+)\n([\s\S]*?)^```[ \t]*$/gm
  return [...text.matchAll(fence)].map((match) => ({
    line: firstLine + text.slice(0, match.index).split('\n').length - 1,
    info: match[1] ?? '',
    code: match[2] ?? '',
  }))
}

function toExamples(source: string, blocks: readonly Block[]): Example[] {
  const folder = source.replaceAll('/', '_')
  const examples: Example[] = []
  for (const { line, info, code } of blocks) {
    const [language = '', ...words] = info.trim().split(/\s+/)
    if (!languages.has(language) || words.includes('no-run')) continue
    const before = examples.at(-1)
    if (words.includes('continues')) {
      if (before === undefined)
        throw new Error(`${source}:${line}: continues, but no example comes before it`)
      examples[examples.length - 1] = { ...before, code: `${before.code}\n${code}` }
      continue
    }
    const name = words.find((word) => word.startsWith('file='))?.slice('file='.length)
    const file = name?.replace(/\.[jt]s$/, '') ?? `line-${line}`
    const extension = language.startsWith('t') ? 'ts' : 'js'
    examples.push({ source, line, code, file: `${folder}/${file}.${extension}`, isMain: name === undefined })
  }
  return examples
}
