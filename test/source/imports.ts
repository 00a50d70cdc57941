import { posix } from 'node:path'
import ts from 'typescript'
import { lineOf, nodesOf, type Source } from './sources.js'

/**
 * `static` and `dynamic` run the other module; `type` is erased by the compiler; `url` is a file that is
 * started by its address, as worker threads are.
 */
export interface Import {
  readonly specifier: string
  readonly kind: 'static' | 'dynamic' | 'type' | 'url'
  readonly line: number
}

export function importsOf(source: Source): Import[] {
  return nodesOf(source).flatMap((node) => {
    const found = importAt(node)
    return found === undefined ? [] : [{ ...found, line: lineOf(source, node.getStart(source.tree)) }]
  })
}

/**
 * The file that a relative import means, as a path from the root; `undefined` for packages and `node:`
 * modules.
 */
export function resolveImport(source: Source, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return posix.join(posix.dirname(source.path), specifier).replace(/\.js$/, '.ts')
}

function importAt(node: ts.Node): Omit<Import, 'line'> | undefined {
  if (ts.isImportDeclaration(node)) {
    // `import { type A }` still runs the module under verbatimModuleSyntax; `import type` alone does not.
    const isType = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
    return named(node.moduleSpecifier, isType ? 'type' : 'static')
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return named(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static')
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return named(node.argument.literal, 'type')
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return named(node.arguments[0], 'dynamic')
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'URL' && node.arguments?.length === 2) {
    return node.arguments[1]?.getText() === 'import.meta.url' ? named(node.arguments[0], 'url') : undefined
  }
  return undefined
}

function named(node: ts.Node | undefined, kind: Import['kind']): Omit<Import, 'line'> | undefined {
  return node !== undefined && ts.isStringLiteral(node) ? { specifier: node.text, kind } : undefined
}
