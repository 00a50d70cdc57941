import { Random } from '../generators/random.js'
import { nurandMasks, type Population } from './population.js'

/** The constants C of clause 2.1.6, chosen once for a run: every thread has the same. */
export interface NurandConstants {
  readonly item: number
  readonly customer: number
  readonly lastNameLoad: number
  readonly lastNameRun: number
}

/** Of the streams of random numbers, the one that the constants come from. */
const constantsStream = 0x7fff_fffe

export function nurandConstants(seed: number): NurandConstants {
  const random = new Random(seed, constantsStream)
  const lastNameLoad = random.below(256)
  const delta = lastNameDelta(random)
  return {
    item: random.below(8192),
    customer: random.below(1024),
    lastNameLoad,
    // One of the two is always in the range, which is more than twice as wide as the largest delta.
    lastNameRun: lastNameLoad + delta <= 255 ? lastNameLoad + delta : lastNameLoad - delta,
  }
}

/** How far the constants of population and run are apart (clause 2.1.6.1): 65 to 119, but not 96 or 112. */
function lastNameDelta(random: Random): number {
  for (;;) {
    const delta = 65 + random.below(119 - 65 + 1)
    if (delta !== 96 && delta !== 112) return delta
  }
}

const syllables = ['BAR', 'OUGHT', 'ABLE', 'PRI', 'PRES', 'ESE', 'ANTI', 'CALLY', 'ATION', 'EING'] as const

/** The last name of a number below 1000 (clause 4.3.2.3). */
export function lastNameOf(number: number): string {
  const digit = (place: number): string => syllables[Math.floor(number / place) % 10]!
  return digit(100) + digit(10) + digit(1)
}

const alphanumeric = Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 'latin1')
const letterCount = 52
const textMax = 512

/** Random values as the specification defines them (clauses 2.1.5, 2.1.6, 4.3.2). */
export class InputRandom {
  readonly random: Random
  readonly #population: Population
  readonly #masks: ReturnType<typeof nurandMasks>
  readonly #constants: NurandConstants
  readonly #text = Buffer.alloc(textMax)

  constructor(random: Random, population: Population, constants: NurandConstants) {
    this.random = random
    this.#population = population
    this.#masks = nurandMasks(population)
    this.#constants = constants
  }

  /** A whole number from `min` to `max`, both included. */
  within(min: number, max: number): number {
    return min + this.random.below(max - min + 1)
  }

  /** Whether something happens that does so in so many of a hundred cases. */
  percent(share: number): boolean {
    return this.random.below(100) < share
  }

  customer(): number {
    return this.#nurand(
      this.#masks.customer,
      1,
      this.#population.customersPerDistrict,
      this.#constants.customer,
    )
  }

  item(): number {
    return this.#nurand(this.#masks.item, 1, this.#population.items, this.#constants.item)
  }

  /** The last name of a customer to be looked up. */
  lastName(): string {
    return this.#lastName(this.#constants.lastNameRun)
  }

  /** The last name of a customer to be loaded who has none of the names given in turn. */
  lastNameToLoad(): string {
    return this.#lastName(this.#constants.lastNameLoad)
  }

  /** Letters and digits, from `min` to `max` of them. */
  text(min: number, max: number): string {
    return this.#characters(this.within(min, max), 0, alphanumeric.length)
  }

  letters(count: number): string {
    return this.#characters(count, 0, letterCount)
  }

  digits(count: number): string {
    return this.#characters(count, letterCount, alphanumeric.length)
  }

  /** A zip code (clause 4.3.2.7). */
  zip(): string {
    return `${this.digits(4)}11111`
  }

  #lastName(constant: number): string {
    return lastNameOf(this.#nurand(this.#masks.lastName, 0, this.#population.lastNames - 1, constant))
  }

  #nurand(mask: number, min: number, max: number, constant: number): number {
    return (((this.within(0, mask) | this.within(min, max)) + (constant & mask)) % (max - min + 1)) + min
  }

  #characters(count: number, from: number, to: number): string {
    const text = this.#text
    for (let i = 0; i < count; i += 1) text[i] = alphanumeric[from + this.random.below(to - from)]!
    return text.toString('latin1', 0, count)
  }
}
