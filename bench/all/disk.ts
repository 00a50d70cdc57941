import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const blockBytes = 4096

/** How often in a second this folder's disk takes a 4 KiB append and syncs it: what bounds a lone writer. */
export function syncsPerSecond(directory: string, seconds: number): number {
  // A folder of its own: others may be at the same, and one that was killed has left its file.
  const folder = mkdtempSync(join(directory, 'tidemark-sync-'))
  const file = openSync(join(folder, 'appends'), 'wx')
  try {
    const block = Buffer.alloc(blockBytes, 1)
    const started = performance.now()
    const end = started + seconds * 1000
    let syncs = 0
    while (syncs === 0 || performance.now() < end) {
      writeSync(file, block)
      fdatasyncSync(file)
      syncs += 1
    }
    return syncs / ((performance.now() - started) / 1000)
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true })
  }
}
