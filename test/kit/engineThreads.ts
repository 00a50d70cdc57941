import { Worker } from 'node:worker_threads'

/**
 * Runs a script of this folder's `workers` in `count` threads; answers what each posted, when all have
 * ended.
 */
export async function runThreads<T>(
  script: string,
  count: number,
  dataOf: (worker: number) => Record<string, unknown>,
): Promise<T[]> {
  return Promise.all(
    Array.from({ length: count }, (_, worker) =>
      runThread<T>(script, { worker, workers: count, ...dataOf(worker) }),
    ),
  )
}

function runThread<T>(script: string, workerData: Record<string, unknown>): Promise<T> {
  return new Promise((resolve, reject) => {
    let answer: T | undefined
    const thread = new Worker(new URL(`workers/${script}`, import.meta.url), { workerData })
    thread.on('message', (message: T) => {
      answer = message
    })
    thread.on('error', reject)
    thread.on('exit', () => {
      if (answer === undefined) reject(new Error(`${script} ended without an answer`))
      else resolve(answer)
    })
  })
}

/** How much longer than usual a randomized test is to run: TIDEMARK_TEST_FACTOR. */
export const testFactor = Number(process.env['TIDEMARK_TEST_FACTOR'] ?? 1)
