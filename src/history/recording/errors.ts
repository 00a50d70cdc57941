import { TidemarkError } from '../../errors.js'

/** A recording cannot do what it was asked: no room for another thread, a closed recording, a bad handle. */
export class RecordingError extends TidemarkError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: 'TIDEMARK_RECORDING', cause })
  }
}

/** A file of a recording, or its history, could not be written or read. The system's error is the `cause`. */
export class RecordingFileError extends TidemarkError {
  readonly path: string
  constructor(path: string, problem: string, cause?: unknown) {
    super(`${path}: ${problem}`, { code: 'TIDEMARK_RECORDING_FILE', cause })
    this.path = path
  }
}

/** What was done has no place in a history of registers or lists, so no checker could judge it. */
export class UnrecordableError extends TidemarkError {
  readonly operation: string
  constructor(operation: string, wayOut: string) {
    super(`${operation} cannot be recorded: ${wayOut}`, { code: 'TIDEMARK_UNRECORDABLE' })
    this.operation = operation
  }
}
