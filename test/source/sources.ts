import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const root: string = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** A source file as the rules see it. `path` starts at the repository's root and uses forward slashes. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
}

export function parseSource(path: string, text: string): Source {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true) }
}

/**
 * Every TypeScript and JavaScript file below the folders, installed packages apart; a folder that does not
 * exist has none.
 */
export function readSources(folders: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    filesBelow(join(root, folder))
      .filter((file) => /\.(ts|mts|js|mjs)$/.test(file))
      .map((file) => parseSource(relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8'))),
  )
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !/[/\\]node_modules([/\\]|$)/.test(entry.parentPath))
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** Every node of a file, in the order of the text. */
export function nodesOf({ tree }: Source): ts.Node[] {
  const nodes: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    nodes.push(node)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return nodes
}

export function lineOf(source: Source, position: number): number {
  return source.tree.getLineAndCharacterOfPosition(position).line + 1
}

/** One broken rule, as the test prints it: where, what, and the way out. */
export function violation(source: Source, node: ts.Node, message: string): string {
  return `${source.path}:${lineOf(source, node.getStart(source.tree))}: ${message}`
}
