import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Machine } from './machine.js'

/** The report cannot be written where it was asked for. */
export class ReportError extends Error {
  override readonly name = 'ReportError'
}

export function reportOf(machine: Machine, results: readonly object[]): string {
  return `${JSON.stringify({ machine, results }, undefined, 2)}\n`
}

/** Collects the runs of a benchmark, and writes all of them anew after each. Without a path, nothing. */
export class ReportFile {
  readonly #machine: Machine
  readonly #path: string | undefined
  readonly #results: object[] = []

  private constructor(machine: Machine, path: string | undefined) {
    this.#machine = machine
    this.#path = path
  }

  /** Finds out before a long run, not after it, that the report cannot be written. */
  static async at(path: string | undefined, machine: Machine): Promise<ReportFile> {
    if (path !== undefined) await refuseUnwritable(path)
    return new ReportFile(machine, path)
  }

  async add(result: object): Promise<void> {
    this.#results.push(result)
    if (this.#path === undefined) return
    await orReportError(this.#path, writeFile(this.#path, reportOf(this.#machine, this.#results)))
  }
}

export async function refuseUnwritable(path: string): Promise<void> {
  await orReportError(path, access(dirname(path), constants.W_OK))
  const existing = await stat(path).catch(() => undefined)
  if (existing?.isDirectory() === true)
    throw new ReportError(`cannot write the report to ${path}: it is a folder`)
}

export async function orReportError(path: string, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ReportError(`cannot write the report to ${path}: ${reason}`, { cause })
  }
}

export function hexOf(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}

export function totalOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
