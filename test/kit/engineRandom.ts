import { onTestFailed } from 'vitest'

/** A generator of reproducible numbers. Name the seed with TIDEMARK_SEED to run a failure again. */
export interface Random {
  readonly seed: number
  /** A whole number from 0 to below the limit. */
  below(limit: number): number
  pick<T>(choices: readonly T[]): T
  /** A string of random bytes, each a character. */
  bytes(length: number): string
}

/** Called in a test: says the seed if the test fails. */
export function makeRandom(): Random {
  const given = process.env['TIDEMARK_SEED']
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  onTestFailed(() => {
    process.stderr.write(`run again with TIDEMARK_SEED=${seed}\n`)
  })
  return randomOf(seed)
}

export function randomOf(seed: number): Random {
  const next = mulberry32(seed)
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    seed,
    below,
    pick: (choices) => choices[below(choices.length)]!,
    bytes: (length) => String.fromCharCode(...Array.from({ length }, () => below(256))),
  }
}

function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
