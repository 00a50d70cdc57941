/** What stops a thread in a simulated death. */
class Death extends Error {}

type Method = (...values: never[]) => unknown
type Target = object & Record<string, Method>

/** Methods of an object that are steps, beside all atomic operations. */
type Steps = readonly [target: object, ...names: readonly string[]]

const atomics: Steps = [Atomics, 'load', 'store', 'compareExchange', 'exchange', 'or']

export interface Breaking {
  /** Whether to count the step that comes next. */
  readonly counts?: () => boolean
  readonly steps?: readonly Steps[]
}

/** From now on step number `skip` throws, and all that follow. Answers how to end that. */
function breakCalls(skip: number, { counts, steps }: Breaking): () => void {
  let count = 0
  const restores = [atomics, ...(steps ?? [])].flatMap(([target, ...names]) =>
    names.map((name) => {
      const methods = target as Target
      const isOwn = Object.hasOwn(target, name)
      const original = methods[name]!
      methods[name] = (...values: never[]) => {
        if (count > skip || ((counts?.() ?? true) && count++ >= skip)) throw new Death()
        return original.apply(target, values)
      }
      return () => {
        if (isOwn) methods[name] = original
        else delete methods[name]
      }
    }),
  )
  return () => {
    for (const restore of restores) restore()
  }
}

/** Runs the body until it dies before step number `skip`; false if it has ended before. */
export function dieAt(skip: number, body: () => void, breaking: Breaking = {}): boolean {
  const restore = breakCalls(skip, breaking)
  try {
    body()
    return false
  } catch (error) {
    if (!(error instanceof Death)) throw error
    return true
  } finally {
    restore()
  }
}
