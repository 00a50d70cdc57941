import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { syncsPerSecond } from '../../bench/all/disk.js'

const root = mkdtempSync(join(tmpdir(), 'tidemark-disk-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

test('a disk is timed beside what others do or have left in its folder, and nothing stays', () => {
  writeFileSync(join(root, 'raw-sync'), 'left by one that was killed')
  expect(syncsPerSecond(root, 0.01)).toBeGreaterThan(0)
  expect(readdirSync(root)).toEqual(['raw-sync'])
})
