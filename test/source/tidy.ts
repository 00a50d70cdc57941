import ts from 'typescript'
import { coreFolders } from './layers.js'
import { lineOf, nodesOf, violation, type Source } from './sources.js'

export const limits = { fileLines: 400, functionLines: 70, lineColumns: 110 } as const

/** Each rule returns what it found as `path:line: message`; a rule that finds nothing returns nothing. */
export type Rule = (source: Source) => string[]

export const noDefaultExport: Rule = (source) =>
  source.path.includes('/') ? nodeRule(source, isDefaultExport, 'default export; export by name') : []

export const noEnum: Rule = (source) =>
  nodeRule(source, ts.isEnumDeclaration, 'enum; use `as const` and a union of its values')

export const noNamespace: Rule = (source) =>
  nodeRule(source, (node) => ts.isModuleDeclaration(node), 'namespace; a file is the namespace')

export const noAny: Rule = (source) =>
  nodeRule(source, ({ kind }) => kind === ts.SyntaxKind.AnyKeyword, '`any`; use `unknown` and narrow it')

export const noConsole: Rule = (source) =>
  source.path.startsWith('src/') && !source.path.startsWith('src/cli/')
    ? nodeRule(source, isConsole, 'console; a library does not print: return it, or throw')
    : []

/**
 * The core runs to completion: a commit goes from own to install without yielding, so it has no async twin.
 */
export const noSuspension: Rule = (source) =>
  coreFolders.some((folder) => source.path.startsWith(folder))
    ? nodeRule(source, isSuspension, 'async in the core; only src/store waits')
    : []

export const noPostponedWork: Rule = (source) =>
  source.text.split('\n').flatMap((line, index) => {
    const word = /\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/.exec(line)?.[0]
    return word === undefined ? [] : [`${source.path}:${index + 1}: ${word}; do it, or say it in docs/`]
  })

/** No formatter breaks a string, so a line may end in one that crosses the limit; a comment may not. */
export const noLongLine: Rule = (source) => {
  const starts = source.tree.getLineStarts()
  const texts = nodesOf(source).filter(isText)
  return source.text.split('\n').flatMap((line, index) => {
    const columns = [...line].length
    const limit = (starts[index] ?? 0) + limits.lineColumns
    const isInText = texts.some((text) => text.getStart(source.tree) < limit && limit <= text.end)
    return columns <= limits.lineColumns || isInText
      ? []
      : [`${source.path}:${index + 1}: ${columns} columns`]
  })
}

export const noLongFunction: Rule = (source) =>
  nodesOf(source)
    .filter((node) => ts.isFunctionLike(node) && !isSuite(node))
    .flatMap((node) => {
      const lines = lineOf(source, node.end) - lineOf(source, node.getStart(source.tree)) + 1
      return lines <= limits.functionLines ? [] : [violation(source, node, `a function of ${lines} lines`)]
    })

const dumpingGrounds = new Set(['common', 'helper', 'helpers', 'lib', 'misc', 'shared', 'util', 'utils'])

export const noDumpingGround: Rule = ({ path }) => {
  const names = path.split('/').map((part) => part.replace(/\.[a-z]+$/, ''))
  const found = names.find((name) => dumpingGrounds.has(name))
  return found === undefined ? [] : [`${path}: '${found}' says nothing; name the file after what is in it`]
}

export const rules: Readonly<Record<string, Rule>> = {
  noDefaultExport,
  noEnum,
  noNamespace,
  noAny,
  noConsole,
  noSuspension,
  noPostponedWork,
  noLongLine,
  noLongFunction,
  noDumpingGround,
}

/**
 * Files over the limit and not in `exceptions`, files over their exception, and exceptions that are no longer
 * needed or are too large: the list only shrinks.
 */
export function fileLengths(
  sources: readonly Source[],
  exceptions: Readonly<Record<string, number>>,
): string[] {
  const lines = new Map(sources.map(({ path, text }) => [path, text.trimEnd().split('\n').length]))
  const long = [...lines]
    .filter(([path, count]) => count > (exceptions[path] ?? limits.fileLines))
    .map(([path, count]) => `${path}: ${count} lines, allowed ${exceptions[path] ?? limits.fileLines}`)
  const stale = Object.entries(exceptions)
    .filter(([path, allowed]) => allowed <= limits.fileLines || (lines.get(path) ?? 0) < allowed)
    .map(([path]) => `${path}: has ${lines.get(path) ?? 0} lines now; lower or remove its exception`)
  return [...long, ...stale]
}

function nodeRule(source: Source, isBroken: (node: ts.Node) => boolean, message: string): string[] {
  return nodesOf(source)
    .filter(isBroken)
    .map((node) => violation(source, node, message))
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return !(node.isExportEquals ?? false)
  if (ts.isExportSpecifier(node)) return node.name.text === 'default'
  return ts.canHaveModifiers(node) && hasModifier(node, ts.SyntaxKind.DefaultKeyword)
}

function isConsole(node: ts.Node): boolean {
  return ts.isPropertyAccessExpression(node) && node.expression.getText() === 'console'
}

function isText(node: ts.Node): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || ts.isRegularExpressionLiteral(node)
}

function isSuspension(node: ts.Node): boolean {
  if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined))
    return true
  return ts.canHaveModifiers(node) && hasModifier(node, ts.SyntaxKind.AsyncKeyword)
}

function hasModifier(node: ts.HasModifiers, kind: ts.SyntaxKind): boolean {
  return ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false
}

/** The body of `describe` holds tests as a file holds functions; its length says nothing. */
function isSuite(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText())
}
