import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { root } from '../source/sources.js'
import type { Example } from './examples.js'

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  types: ['node'],
  allowJs: true,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  rootDir: root,
}

/**
 * Type-checks all examples as one program and writes them as JavaScript below `folder`, which lies in the
 * repository so that they import `tidemark` as the package itself. Returns what the compiler says, by
 * example.
 */
export function compileExamples(examples: readonly Example[], folder: string): Map<Example, string[]> {
  rmSync(folder, { recursive: true, force: true })
  const byPath = new Map(examples.map((example) => [join(folder, example.file), example]))
  for (const [path, { code }] of byPath) write(path, code)
  const program = ts.createProgram([...byPath.keys()], { ...options, outDir: root })
  const found = new Map<Example, string[]>(examples.map((example) => [example, []]))
  for (const [path, example] of byPath) {
    const source = program.getSourceFile(path)
    const errors = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    found.set(example, errors.map(describe))
    program.emit(source, (file, text) => write(file, text))
  }
  return found
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function describe(error: ts.Diagnostic): string {
  const line = error.file?.getLineAndCharacterOfPosition(error.start ?? 0).line ?? 0
  return `line ${line + 1} of the example: ${ts.flattenDiagnosticMessageText(error.messageText, '\n')}`
}
