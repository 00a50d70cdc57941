import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { RunSettings } from '../ycsb/settings.js'
import { inOwnProcess } from './childProcess.js'
import { syncsPerSecond } from './disk.js'
import type { Round } from './results.js'
import type { Cell } from './workloads.js'

/** Files of targets that promise nothing to the disk; where it is missing, they go where the others go. */
const memoryFolder = '/dev/shm'

const diskSecondsMax = 0.5

function folderFor({ target }: Cell, directory: string): string {
  const { durability } = target.traits
  return mkdtempSync(
    join(durability === 'memory' && isWritable(memoryFolder) ? memoryFolder : directory, 'tidemark-bench-'),
  )
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    // Not there, or not ours: either way it is of no use.
    return false
  }
}

export interface CellRun {
  readonly directory: string
  readonly round: number
  readonly onProgress: (text: string) => void
}

/** One round of a cell in a process and a folder of its own; undefined when interrupted too early. */
export async function runCell(cell: Cell, run: CellRun, interrupt: AbortSignal): Promise<Round | undefined> {
  const directory = folderFor(cell, run.directory)
  try {
    const settings: RunSettings = { ...cell.settings, directory }
    const isTimed = waitsForDisk(cell)
    const syncsBefore = isTimed ? timeDisk(directory, settings.seconds) : 0
    const result = await resultOf(cell, settings, run, interrupt)
    if (result === undefined) return undefined
    const { workload, theta } = cell
    return {
      ...(result as Round),
      workload: workload.name,
      ...(theta !== undefined && { theta }),
      ...(isTimed && { syncsPerSecond: (syncsBefore + timeDisk(directory, settings.seconds)) / 2 }),
      round: run.round,
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function waitsForDisk({ workload, target }: Cell): boolean {
  return workload.kind !== 'recovery' && target.traits.durability === 'sync'
}

/** A disk's speed changes from minute to minute: where commits wait for it, it is timed beside each run. */
function timeDisk(directory: string, seconds: number): number {
  return syncsPerSecond(directory, Math.min(diskSecondsMax, seconds))
}

async function resultOf(
  { workload }: Cell,
  settings: RunSettings,
  { onProgress }: CellRun,
  interrupt: AbortSignal,
): Promise<object | undefined> {
  const { kind } = workload
  if (kind !== 'recovery') return await inOwnProcess({ kind, settings }, onProgress, interrupt)
  onProgress('loading, to be killed')
  await inOwnProcess({ kind: 'fill', settings }, onProgress, interrupt)
  if (interrupt.aborted) return undefined
  onProgress('recovering')
  return await inOwnProcess({ kind: 'recover', settings }, onProgress, interrupt)
}
