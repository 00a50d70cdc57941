import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'tidemark'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'

const sizeBytes = 3 * 1024 * 1024

/** A file system of a few megabytes; undefined where this process may not mount one. */
function smallFileSystem(): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    rmSync(path, { recursive: true })
    return undefined
  }
  return path
}

const mounted = smallFileSystem()
afterAll(() => {
  if (mounted === undefined) return
  execFileSync('umount', ['-l', mounted])
  rmSync(mounted, { recursive: true })
})

describe.skipIf(mounted === undefined)('a disk that is full', () => {
  test.each(['transaction', 'transactionSync'] as const)(
    'ends acknowledgements of %s, not reads, and loses nothing acknowledged',
    async (run) => {
      execFileSync('mount', ['-o', `remount,size=${sizeBytes}`, mounted!])
      const path = join(mounted!, run)
      const store = await open({ path, name: 'full' })
      onTestFinished(() => store.close())
      const items = store.table<number, string>('items')
      const value = 'x'.repeat(10_000)
      let acknowledged = -1
      const failure = await (async () => {
        for (let i = 0; i < 1000; i++) {
          await store[run]((tx) => tx.put(items, i, value))
          acknowledged = i
        }
      })().catch((error: unknown) => error)
      expect(acknowledged).toBeGreaterThan(20)
      const isNoSpace = { code: 'TIDEMARK_JOURNAL_FAILED', cause: { code: 'ENOSPC' } }
      expect(failure).toMatchObject(isNoSpace)
      expect(store.status).toBe('failed')
      expect(store.failure).toMatchObject(isNoSpace)
      // What is on disk is read on; what is not, and never will be, is not shown.
      expect(store.snapshot((tx) => tx.get(items, acknowledged))).toBe(value)
      expect(() => store.snapshot((tx) => tx.get(items, acknowledged + 1))).toThrow(/ENOSPC/)
      for (const durability of ['sync', 'async'] as const) {
        const late = store.transaction((tx) => tx.put(items, -1, 'late'), { durability })
        await expect(late).rejects.toMatchObject(isNoSpace)
      }
      await expect(store.flush()).rejects.toMatchObject(isNoSpace)
      await store.close()

      execFileSync('mount', ['-o', `remount,size=${10 * sizeBytes}`, mounted!])
      const again = await open({ path, name: 'full' })
      onTestFinished(() => again.close())
      const keys = again.snapshot((tx) => tx.getKeys(again.table<number>('items')).toArray())
      // The one that failed may be there, whole: it was not acknowledged, and not undone either.
      expect(keys.slice(0, acknowledged + 1)).toEqual(Array.from({ length: acknowledged + 1 }, (_, i) => i))
      expect(keys.length).toBeLessThanOrEqual(acknowledged + 2)
      await again[run]((tx) => tx.put(again.table('items'), 1_000_000, 'goes on'))
      await again.close()
      rmSync(path, { recursive: true })
    },
  )
})
