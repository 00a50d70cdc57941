import { valueText } from '../../history/valueText.js'
import type { TimedCall } from './model.js'

/** An element on its way through the queue, by the events of its calls. */
interface Passage {
  readonly call: number
  readonly entersFrom: number
  readonly entersBy: number
  readonly leavesFrom: number
  readonly leavesBy: number
  readonly isSeenLeaving: boolean
}

/**
 * The order in which elements can have entered a queue: before every element that was enqueued, or dequeued,
 * only after it. If each element is enqueued once and every dequeue is known, a linearizable queue has such
 * an order (Henzinger, Sezgin and Vafeiadis 2013), and a search that follows it does not go back. With equal
 * elements, or dequeues of unknown outcome, it is a good guess.
 *
 * @returns for each enqueue its place, for each dequeue when it returns
 */
export function urgencyInQueue(calls: readonly TimedCall[]): number[] {
  const urgency = calls.map(({ returnsAt }) => returnsAt)
  const passages = passagesOf(calls)
  const byEntry = [...passages].sort((a, b) => a.entersFrom - b.entersFrom)
  const firstEntered = earliest(passages, ({ entersBy }) => entersBy)
  const firstLeft = earliest(passages, ({ leavesBy }) => leavesBy)
  const placed = new Set<Passage>()
  let open: Passage[] = []
  let next = 0
  for (let place = 0; place < passages.length; place += 1) {
    const entered = firstEntered(placed)
    for (; next < byEntry.length && byEntry[next]!.entersFrom <= entered; next += 1) open.push(byEntry[next]!)
    const chosen = choose(open, firstLeft(placed))
    placed.add(chosen)
    open = open.filter((passage) => passage !== chosen)
    urgency[chosen.call] = place
  }
  return urgency
}

/** Of those that nothing must leave before, one that was seen to leave; any when there is none. */
function choose(open: readonly Passage[], left: number): Passage {
  const rank = ({ leavesFrom, isSeenLeaving }: Passage) => (leavesFrom > left ? 2 : isSeenLeaving ? 0 : 1)
  return open.reduce((a, b) => {
    const difference = rank(a) - rank(b)
    if (difference !== 0) return difference < 0 ? a : b
    return b.leavesBy < a.leavesBy ? b : a
  })
}

/** The smallest number of those that are not placed yet; the placed ones only become more. */
function earliest(
  passages: readonly Passage[],
  numberOf: (passage: Passage) => number,
): (placed: ReadonlySet<Passage>) => number {
  const sorted = [...passages].sort((a, b) => (numberOf(a) < numberOf(b) ? -1 : 1))
  let at = 0
  return (placed) => {
    while (at < sorted.length && placed.has(sorted[at]!)) at += 1
    const found = sorted[at]
    return found === undefined ? Number.POSITIVE_INFINITY : numberOf(found)
  }
}

function passagesOf(calls: readonly TimedCall[]): Passage[] {
  const leaving = new Map<string, TimedCall[]>()
  for (const call of calls) {
    if (call.f !== 'dequeue' || !call.isKnown) continue
    const text = valueText(call.value)
    const others = leaving.get(text)
    if (others === undefined) leaving.set(text, [call])
    else others.push(call)
  }
  // Equal elements leave in the order in which they entered: the last of each list is the first to leave.
  for (const dequeues of leaving.values()) dequeues.sort((a, b) => b.returnsAt - a.returnsAt)
  const mayLeaveUnseen = calls.some(({ f, isKnown }) => f === 'dequeue' && !isKnown)
  const unseenFrom = mayLeaveUnseen ? 0 : Number.POSITIVE_INFINITY
  return calls.flatMap(({ f, value, invokedAt, returnsAt }, call) => {
    if (f !== 'enqueue') return []
    const dequeue = leaving.get(valueText(value))?.pop()
    return [
      {
        call,
        entersFrom: invokedAt,
        entersBy: returnsAt,
        leavesFrom: dequeue?.invokedAt ?? unseenFrom,
        leavesBy: dequeue?.returnsAt ?? Number.POSITIVE_INFINITY,
        isSeenLeaving: dequeue !== undefined,
      },
    ]
  })
}
