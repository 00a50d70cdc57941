/** The operations through which threads see each other. */
const points = ['load', 'store', 'compareExchange', 'exchange', 'or', 'add', 'sub', 'and'] as const

type AtomicFunction = (...values: never[]) => unknown

/**
 * Runs the body, and the intruder in the middle of it: before the body's atomic operation number `at`. This
 * plays a thread that is preempted there, while another runs its part to the end. False if the body has
 * fewer operations; then the intruder has not run.
 */
export function preempt(at: number, body: () => void, intruder: () => void): boolean {
  return run(at, body, intruder) > at
}

/** How many points there are at which the body can be preempted. */
export function countPoints(body: () => void): number {
  return run(Number.POSITIVE_INFINITY, body, () => undefined)
}

/** Answers how many operations the body came to; no more are counted after the intruder. */
function run(at: number, body: () => void, intruder: () => void): number {
  const atomics = Atomics as unknown as Record<(typeof points)[number], AtomicFunction>
  const originals = points.map((name) => atomics[name])
  let count = 0
  const restore = () => {
    for (const [i, name] of points.entries()) atomics[name] = originals[i]!
  }
  for (const [i, name] of points.entries()) {
    const original = originals[i]!
    atomics[name] = (...values: never[]) => {
      if (count++ === at) {
        restore()
        intruder()
      }
      return original(...values)
    }
  }
  try {
    body()
  } finally {
    restore()
  }
  return count
}

/** Runs the scenario for every point of its body at which it can be preempted. Answers how many there are. */
export function forEachPreemption(
  scenario: (preemptHere: (body: () => void, intruder: () => void) => void) => void,
): number {
  for (let at = 0; ; at++) {
    let isDone = false
    scenario((body, intruder) => {
      isDone = preempt(at, body, intruder)
    })
    if (!isDone) return at
  }
}
