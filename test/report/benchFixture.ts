import type { BenchResult, BenchResults } from '../../src/report/benchResults.js'
import { hostileTexts } from './hostile.js'

function result(
  target: string,
  threads: number,
  round: number,
  more: Partial<BenchResult> = {},
): BenchResult {
  const committedPerSecond = 100_000 * threads + round * 10_000
  return {
    target,
    workload: 'ycsb-a',
    threads,
    seconds: 1,
    committedPerSecond,
    abortsPerSecond: 12,
    aborts: { conflict: 12 },
    latencyUs: { p50: 1.5, p95: 4, p99: 20, p999: 900 },
    memoryBytes: 5_000_000,
    checksum: '00c0ffee',
    ...more,
  }
}

const targets = ['tidemark', 'lmdb', hostileTexts[1]!]

export const benchFixture: BenchResults = {
  machine: { cpu: hostileTexts[0]!, cores: 2, memoryBytes: 2 ** 34, node: 'v20.20.2', platform: 'linux-x64' },
  results: [
    ...targets.flatMap((target) =>
      [1, 2].flatMap((threads) => [0, 1, 2].map((n) => result(target, threads, n))),
    ),
    ...targets.flatMap((target) =>
      [0, 0.5, 0.99].map((theta) =>
        result(target, 2, 0, { workload: 'contention', theta, interrupted: theta > 0.9 }),
      ),
    ),
  ],
}
