import { ModelError } from './errors.js'

/**
 * A text that two states share exactly if they hold the same. What cannot be compared by what is in it, such
 * as an instance of a class, is refused: taking two states for one would make the verdict wrong.
 *
 * @throws ModelError
 */
export function stateKey(state: unknown, model: string): string {
  switch (typeof state) {
    case 'string':
      return JSON.stringify(state)
    case 'number':
      return Object.is(state, -0) ? '-0' : String(state)
    case 'bigint':
      return `${state}n`
    case 'boolean':
    case 'undefined':
      return String(state)
    case 'object':
      return state === null ? 'null' : objectKey(state, model)
    default:
      throw new ModelError(model, `a state holds a ${typeof state}; give the model a method 'key'`)
  }
}

function objectKey(state: object, model: string): string {
  const keyOf = (part: unknown) => stateKey(part, model)
  const pairKey = ([name, part]: readonly [unknown, unknown]) => `${keyOf(name)}:${keyOf(part)}`
  if (Array.isArray(state)) return `[${state.map(keyOf).join(',')}]`
  if (state instanceof Set) return `set{${[...state].map(keyOf).sort().join(',')}}`
  if (state instanceof Map) return `map{${[...state].map(pairKey).sort().join(',')}}`
  const prototype: unknown = Object.getPrototypeOf(state)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new ModelError(model, `a state holds a ${state.constructor.name}; give the model a method 'key'`)
  }
  return `{${Object.entries(state).map(pairKey).sort().join(',')}}`
}
