import { TidemarkError } from '../../errors.js'

/** A model that does not keep its contract, so that no verdict with it would mean anything. */
export class ModelError extends TidemarkError {
  readonly model: string
  constructor(model: string, problem: string) {
    super(`model '${model}': ${problem}`, { code: 'TIDEMARK_MODEL' })
    this.model = model
  }
}
