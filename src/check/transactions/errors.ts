import { TidemarkError } from '../../errors.js'

/** The history is well-formed, but not one of the workload it is to be checked as. */
export class WorkloadError extends TidemarkError {
  constructor(message: string) {
    super(message, { code: 'TIDEMARK_WORKLOAD' })
  }
}
