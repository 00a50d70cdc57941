import { TidemarkError } from '../errors.js'

/** Where in a file something stands. Lines and columns count from 1. */
export interface Place {
  readonly file?: string
  readonly line?: number
  readonly column?: number
}

/** A history that is no history: bad syntax, a missing field, a completion of nothing. */
export class HistoryFormatError extends TidemarkError {
  readonly file: string | undefined
  readonly line: number | undefined
  readonly column: number | undefined
  readonly expected: string
  readonly found: string

  constructor(place: Place, expected: string, found: string) {
    super(`${placeText(place)}: expected ${expected}, found ${found}`, { code: 'TIDEMARK_HISTORY_FORMAT' })
    this.file = place.file
    this.line = place.line
    this.column = place.column
    this.expected = expected
    this.found = found
  }
}

function placeText({ file, line, column }: Place): string {
  const name = file ?? 'history'
  if (line === undefined) return name
  return column === undefined ? `${name}:${line}` : `${name}:${line}:${column}`
}
