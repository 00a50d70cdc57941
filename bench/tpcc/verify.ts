import type { Store } from 'tidemark'
import { WrongResultError } from '../driver/errors.js'
import { ConditionCheck } from './conditions.js'
import type { Population } from './population.js'
import type { Tables } from './schema.js'
import { Violations } from './violations.js'

/** Checks all conditions on one state of the store. */
export function violationsOf(store: Store, tables: Tables, population: Population): Violations {
  const violations = new Violations()
  store.snapshot((tx) => new ConditionCheck(tx, tables, population, violations).run())
  return violations
}

/** Fails unless the store is consistent. */
export function verify(store: Store, tables: Tables, population: Population): void {
  const { messages } = violationsOf(store, tables, population)
  if (messages.length > 0)
    throw new WrongResultError(`the database is not consistent\n  ${messages.join('\n  ')}`)
}
