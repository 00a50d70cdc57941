/** A condition of clause 3.3.2, or what the specification takes for granted. */
export type Condition = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 'rows' | 'indexes'

/** What is wrong with a database: of each condition, how often it is violated, and the first such place. */
export class Violations {
  readonly #found = new Map<Condition, { readonly first: string; count: number }>()

  add(condition: Condition, message: string): void {
    const found = this.#found.get(condition)
    if (found === undefined) this.#found.set(condition, { first: message, count: 1 })
    else found.count += 1
  }

  missing(what: string): void {
    this.add('rows', `${what} missing`)
  }

  index(message: string): void {
    this.add('indexes', message)
  }

  get conditions(): readonly Condition[] {
    return [...this.#found.keys()]
  }

  /** One line for each condition violated. */
  get messages(): readonly string[] {
    return [...this.#found].map(([condition, { first, count }]) => {
      const title =
        typeof condition === 'number' ? `condition ${condition} (clause 3.3.2.${condition})` : condition
      const more = count === 1 ? '' : `; violated in ${count} places, of which this is the first`
      return `${title}: ${first}${more}`
    })
  }
}

/** Cents as dollars. */
export function amountOf(cents: number): string {
  return (cents / 100).toFixed(2)
}
