import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import ts from 'typescript'
import { startRecording } from 'tidemark/history'
import type { History } from 'tidemark/history'
import { SharedMemory } from '../../src/memory/sharedMemory.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const engineFolders = ['tid', 'memory', 'mvcc', 'store', 'durable']

/** One change to a built file of the engine that makes it wrong. */
export interface PlantedBug {
  readonly name: string
  /** Below `dist`. */
  readonly file: string
  /** Occurs in the file exactly once. */
  readonly find: string
  readonly replace: string
}

/** The text with the bug in it. Throws when the place of the bug is not there any more, or is not unique. */
export function planted(text: string, { name, file, find, replace }: PlantedBug): string {
  const count = text.split(find).length - 1
  if (count !== 1) {
    throw new Error(
      `the bug '${name}' has no place: ${file} has its text ${count} times, not once; say where it belongs now:\n${find}`,
    )
  }
  return text.replace(find, () => replace)
}

/** A copy of the built engine with a bug in it, or without. Answers the address of the copy. */
export function buildEngine(name: string, bug?: PlantedBug): URL {
  const folder = join(root, 'out/planted', name.replaceAll(/\W+/g, '-'), 'dist')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const part of [...engineFolders, 'errors.js']) {
    cpSync(join(root, 'dist', part), join(folder, part), {
      recursive: true,
      filter: (path) => statSync(path).isDirectory() || path.endsWith('.js'),
    })
  }
  if (bug !== undefined) {
    const path = join(folder, bug.file)
    writeFileSync(path, planted(readFileSync(path, 'utf8'), bug))
  }
  return pathToFileURL(folder + sep)
}

/** The kit's preemption as plain JavaScript, for worker threads. */
export function buildPreemption(): string {
  const path = join(root, 'out/planted/preempt.mjs')
  const source = readFileSync(join(root, 'test/kit/enginePreempt.ts'), 'utf8')
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  })
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, outputText)
  return pathToFileURL(path).href
}

export interface PlantedLoad {
  readonly dist: URL
  readonly seed: number
  readonly plays: number
  /** How many threads; one that acts for several sites when 0. */
  readonly threads: number
  /** A broken engine may hang: its threads are terminated after this time. */
  readonly limitMs: number
}

/** Runs `workers/plantedLoad.mjs` on an engine, and answers what its clients saw. */
export async function recordLoad({ dist, seed, plays, threads, limitMs }: PlantedLoad): Promise<History> {
  await using recording = await startRecording({ maxThreads: Math.max(1, threads) })
  const { buffer } = SharedMemory.create(64 * 1024 * 1024)
  const counter = new SharedArrayBuffer(64)
  const workers = Math.max(1, threads)
  await Promise.all(
    Array.from({ length: workers }, (_, worker) =>
      runThread(
        {
          dist: dist.href,
          buffer,
          recording: recording.handle,
          seed: seed + worker,
          plays,
          workers,
          counter,
          sites: threads === 0 ? 3 : 1,
          preempting: threads === 0 ? buildPreemption() : undefined,
        },
        limitMs,
      ),
    ),
  )
  return recording.history()
}

/** Resolves when the thread has ended, however it has: what it saw until then is recorded. */
async function runThread(workerData: object, limitMs: number): Promise<void> {
  const worker = new Worker(new URL('workers/plantedLoad.mjs', import.meta.url), { workerData })
  const timer = setTimeout(() => void worker.terminate(), limitMs)
  await new Promise<void>((resolve) => {
    // The engine is broken: that it throws where it should not is no news.
    worker.on('error', () => undefined)
    worker.once('exit', () => resolve())
  })
  clearTimeout(timer)
}
