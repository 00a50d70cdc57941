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

  /** The same, seen from the value around it. Other errors are what they were. */
  static within(step: string, error: unknown): unknown {
    if (!(error instanceof ValueTypeError)) return error
    return new ValueTypeError(error.value, error.problem, joinPath(step, error.path))
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

export function joinPath(step: string, rest: string): string {
  return rest === '' || rest.startsWith('[') ? step + rest : `${step}.${rest}`
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

/** The encoded value is longer than one version can be. */
export class ValueTooLongError extends TidemarkError {
  readonly limitBytes: number
  /** The length, if the codec came so far. */
  readonly lengthBytes: number | undefined

  constructor(lengthBytes: number | undefined, limitBytes: number) {
    super(
      `The value takes ${lengthBytes ?? `more than ${2 * limitBytes}`} bytes encoded, and the limit is ${limitBytes}: split it over several keys.`,
      { code: 'TIDEMARK_VALUE_TOO_LONG' },
    )
    this.lengthBytes = lengthBytes
    this.limitBytes = limitBytes
  }
}
