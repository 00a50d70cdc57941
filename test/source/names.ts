import ts from 'typescript'
import { nodesOf, type Source } from './sources.js'

const quoted = /`([^`\n]+)`/g
const comment = /\/\*[\s\S]*?\*\/|\/\/.*/g
const dottedName = /^#?[A-Za-z_$][\w$]*(?:\.#?[A-Za-z_$][\w$]*)*(?:\(.*\))?$/
const builtIn = new Set(Object.getOwnPropertyNames(globalThis))

/** Names that comments put in back quotes and no code has any more: the comment has outlived a rename. */
export function staleNames(sources: readonly Source[]): string[] {
  const known = new Set(sources.flatMap(namesIn))
  return sources.flatMap((source) =>
    quotedNames(source)
      .filter(
        ({ parts }) =>
          !builtIn.has(parts[0] ?? '') && !parts.every((part) => isKeyword(part) || known.has(part)),
      )
      .map(({ text, line }) => `${source.path}:${line}: \`${text}\` is in no code any more`),
  )
}

/** Every name that code uses, words of its strings included. */
function namesIn(source: Source): string[] {
  return nodesOf(source).flatMap((node) => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) return [node.text]
    return ts.isStringLiteralLike(node) || ts.isTemplateHead(node) ? node.text.split(/[^\w$]+/) : []
  })
}

function quotedNames({ text }: Source): { text: string; parts: string[]; line: number }[] {
  return [...text.matchAll(comment)].flatMap((found) =>
    [...found[0].matchAll(quoted)]
      .map((name) => ({ text: name[1] ?? '', at: found.index + name.index }))
      .filter((name) => dottedName.test(name.text))
      .map((name) => ({
        text: name.text,
        parts: name.text.replace(/\(.*\)$/, '').split('.'),
        line: text.slice(0, name.at).split('\n').length,
      })),
  )
}

function isKeyword(text: string): boolean {
  const scanner = ts.createScanner(ts.ScriptTarget.ES2022, true, ts.LanguageVariant.Standard, text)
  const kind = scanner.scan()
  return kind >= ts.SyntaxKind.FirstKeyword && kind <= ts.SyntaxKind.LastKeyword
}
