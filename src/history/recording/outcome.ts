/**
 * Codes of errors after which a transaction of this package has certainly not been committed, though its
 * body had come to its end. All others may stand for an outcome that nobody knows: a journal that failed, a
 * time limit that was over while the disk was waited for.
 */
const certainCodes: ReadonlySet<string> = new Set([
  'TIDEMARK_ABORTED',
  'TIDEMARK_ASYNC_BODY',
  'TIDEMARK_CONFLICT',
  'TIDEMARK_MEMORY_FULL',
  'TIDEMARK_NESTED_TRANSACTION',
  'TIDEMARK_RETRY_LIMIT',
])

/** How an operation has ended that threw after its body had returned: it is `info` unless surely undone. */
export function outcomeOf(error: unknown): 'fail' | 'info' {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && certainCodes.has(code) ? 'fail' : 'info'
}

/** What the history says of an error. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? `${code}: ${error.message}` : `${error.name}: ${error.message}`
}
