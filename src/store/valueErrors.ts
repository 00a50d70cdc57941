import { inspect } from 'node:util'
import { TidemarkError } from '../errors.js'

/** The value, or something inside it, is not one that its table's codec keeps. */
export class ValueTypeError extends TidemarkError {
  /** The refused part of the value. */
  readonly value: unknown
  /** Where it stands in the whole, as in `lines[2].price`; empty when it is the whole. */
  readonly path: string
  readonly problem: string

  constructor(value: unknown, problem: string, path = '') {
    super(`${shortened(path)}${describe(value)} cannot be stored: ${problem}.`, {
      code: 'TIDEMARK_VALUE_TYPE',
    })
    this.value = value
    this.path = path
    this.problem = problem
  }
}

/** These bytes are not what the codec wrote, or another codec wrote them. */
export class ValueCorruptError extends TidemarkError {
  constructor(codec: string, problem: string) {
    super(`The bytes of a value are not of the codec ${codec}: ${problem}.`, {
      code: 'TIDEMARK_VALUE_CORRUPT',
    })
  }
}

function shortened(path: string): string {
  if (path === '') return ''
  return path.length <= pathLengthShown ? `${path}: ` : `${path.slice(0, pathLengthShown)}...: `
}

const pathLengthShown = 100

function describe(value: unknown): string {
  return inspect(value, {
    depth: 1,
    maxArrayLength: 4,
    maxStringLength: 60,
    breakLength: Number.POSITIVE_INFINITY,
  })
}
