import { checkHistoryPath } from 'tidemark/history'
import { ReportError } from './json.js'

/** Finds out before a long run, not after it, that its history cannot be written. */
export async function refuseUnwritableHistory(path: string): Promise<void> {
  try {
    await checkHistoryPath(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ReportError(`cannot write the history to ${reason}`, { cause })
  }
}
