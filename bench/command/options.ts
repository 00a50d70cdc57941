import { parseArgs } from 'node:util'
import { parseBytes } from '../report/units.js'

/**
 * The command line cannot be followed; the message says what is wrong with which option, and what would do.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** An option as citty's help shows it; `GivenOptions` reads it, more strictly than citty would. */
export interface OptionDefinition {
  readonly type: 'string'
  readonly valueHint: string
  readonly description: string
}

export function option(valueHint: string, description: string): OptionDefinition {
  return { type: 'string', valueHint, description }
}

export interface NumberRange {
  readonly min: number
  readonly max: number
}

/** The options of a command line, each with a value. All that reads them throws `UsageError`. */
export class GivenOptions<N extends string> {
  readonly #given = new Map<N, string>()

  constructor(rawArgs: readonly string[], names: readonly N[]) {
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
    const { tokens } = parseArgs({
      args: [...rawArgs],
      options,
      strict: false,
      allowPositionals: true,
      tokens: true,
    })
    for (const token of tokens) {
      if (token.kind === 'positional') throw new UsageError(`unexpected argument '${token.value}'`)
      if (token.kind === 'option-terminator') continue
      const name = names.find((known) => known === token.name)
      if (name === undefined) throw new UsageError(`unknown option ${token.rawName}`)
      const isFlag = token.value?.startsWith('--') === true && !token.inlineValue
      if (token.value === undefined || token.value === '' || isFlag)
        throw new UsageError(`--${name} needs a value`)
      this.#given.set(name, token.value)
    }
  }

  get names(): readonly N[] {
    return [...this.#given.keys()]
  }

  has(name: N): boolean {
    return this.#given.has(name)
  }

  text(name: N): string | undefined
  text(name: N, fallback: string): string
  text(name: N, fallback?: string): string | undefined {
    return this.#given.get(name) ?? fallback
  }

  wholeNumber(name: N, fallback: number, range: NumberRange): number {
    return wholeNumber(name, this.text(name, String(fallback)), range)
  }

  decimal(name: N, fallback: number, { min, max }: NumberRange): number {
    const text = this.text(name, String(fallback))
    const number = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new UsageError(`--${name} must be a number from ${min} to ${max}, not '${text}'`)
  }

  oneOf<const T extends string>(name: N, fallback: T, choices: readonly T[]): T {
    const text = this.text(name, fallback)
    const choice = choices.find((candidate) => candidate === text)
    if (choice !== undefined) return choice
    throw new UsageError(`--${name} must be ${choices.join(' or ')}, not '${text}'`)
  }

  list<T>(name: N, fallback: string, read: (text: string) => T): T[] {
    return this.text(name, fallback)
      .split(',')
      .map((text) => read(text.trim()))
  }

  wholeNumbers(name: N, fallback: string, range: NumberRange): number[] {
    return this.list(name, fallback, (text) => wholeNumber(name, text, range))
  }

  bytes(name: N): number | undefined {
    const text = this.#given.get(name)
    if (text === undefined) return undefined
    const bytes = parseBytes(text)
    if (bytes !== undefined && bytes > 0) return bytes
    throw new UsageError(`--${name} must be a size such as 512MiB or 4GiB, not '${text}'`)
  }
}

function wholeNumber(name: string, text: string, { min, max }: NumberRange): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not '${text}'`)
}

/** What every benchmark's options have in common. */
export const seedRange: NumberRange = { min: 0, max: Number.MAX_SAFE_INTEGER }
export const threadsRange: NumberRange = { min: 1, max: 256 }
export const secondsRange: NumberRange = { min: 0.05, max: 86_400 }
export const warmupRange: NumberRange = { min: 0, max: 3600 }
