import { IntColumn } from '../../history/column.js'
import { HistoryFormatError } from '../../history/errors.js'
import { type History, type HistoryColumns, typeInvoke, typeOk } from '../../history/history.js'

/** As the types of completions. */
export const outcome = { ok: 1, failed: 2, unknown: 3 } as const

/**
 * The transactions of a history, numbered by their invocations, so that those that begin in a span of time
 * are a span of numbers.
 */
export class Calls {
  readonly history: History
  readonly columns: HistoryColumns
  readonly invocations: IntColumn = new IntColumn()
  /** The position of the completion, or -1. */
  readonly completions: IntColumn = new IntColumn()
  readonly outcomes: IntColumn = new IntColumn()
  /** Their micro-operations: rows from `rowStarts[call]` to below `rowEnds[call]`. */
  readonly rowStarts: IntColumn = new IntColumn()
  readonly rowEnds: IntColumn = new IntColumn()

  constructor(history: History) {
    this.history = history
    this.columns = history.columns
    const { types, partners } = this.columns
    for (let position = 0; position < history.size; position += 1) {
      if (types.data[position] !== typeInvoke || history.isNemesis(position)) continue
      this.#add(position, partners.data[position]!)
    }
  }

  get count(): number {
    return this.invocations.length
  }

  isOk(call: number): boolean {
    return this.outcomes.data[call] === outcome.ok
  }

  /** The position whose value tells what the transaction did. */
  #positionOfValue(invocation: number, completion: number): number {
    if (completion < 0) return invocation
    const { microStarts, types, values } = this.columns
    if (microStarts.data[completion] !== microStarts.data[completion + 1]) return completion
    if (types.data[completion] !== typeOk) return invocation
    // An `ok` without a value is no transaction, one of no micro-operations is.
    if (Array.isArray(values[completion]) && (values[completion] as unknown[]).length === 0) return completion
    const line = this.columns.lines.data[completion]!
    const { file } = this.history
    throw new HistoryFormatError(
      { ...(file === undefined ? {} : { file }), ...(line === 0 ? {} : { line }) },
      "a list of micro-operations ['append' | 'w' | 'r', key, value] as the value of a transaction",
      `operation ${this.columns.indexes.data[completion]} with another`,
    )
  }

  #add(invocation: number, completion: number): void {
    const { types, microStarts } = this.columns
    const at = this.#positionOfValue(invocation, completion)
    this.invocations.push(invocation)
    this.completions.push(completion)
    this.outcomes.push(completion < 0 ? outcome.unknown : types.data[completion]!)
    this.rowStarts.push(microStarts.data[at]!)
    this.rowEnds.push(microStarts.data[at + 1]!)
  }
}
