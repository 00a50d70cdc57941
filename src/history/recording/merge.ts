import type { MicroOperation, NewOperation, OperationType, Value } from '../operation.js'
import type { TapeCall, TapeCalls, TapeMoment } from './tapeCalls.js'

/** Operations in one piece of a merged history. */
const batchOperations = 1024

/** The error of a call that never ended. */
export const neverEnded = 'the recording ended before the call did'

/**
 * The history of several tapes, by time, in pieces: each invocation before its completion, and completions
 * that come at the same nanosecond as an invocation after it, so that no order is claimed that nobody saw.
 * Calls without an end are `info`, after all others. Times are since `start`.
 */
export async function* mergeTapes(
  tapes: readonly TapeCalls[],
  start: bigint,
): AsyncGenerator<readonly NewOperation[]> {
  const running = new Set(tapes)
  let batch: NewOperation[] = []
  let index = 0
  let last = start
  for (;;) {
    const next = await earliest(running)
    if (next === undefined) break
    next.tape.take()
    last = next.moment.at
    batch.push(operationOf(next.moment, index++, start))
    if (batch.length < batchOperations) continue
    yield batch
    batch = []
  }
  for (const call of tapes.flatMap((tape) => tape.unfinished)) {
    const value = valueOf(call, 'info', null)
    batch.push(withError(heading(call, 'info', index++, last - start), value, neverEnded))
  }
  if (batch.length > 0) yield batch
}

interface Earliest {
  readonly tape: TapeCalls
  readonly moment: TapeMoment
}

async function earliest(running: Set<TapeCalls>): Promise<Earliest | undefined> {
  let found: Earliest | undefined
  for (const tape of running) {
    const moment = tape.headNow ?? (await tape.head())
    if (moment === undefined) running.delete(tape)
    else if (found === undefined || isBefore(moment, found.moment)) found = { tape, moment }
  }
  return found
}

function isBefore(a: TapeMoment, b: TapeMoment): boolean {
  return a.at < b.at || (a.at === b.at && a.isInvocation && !b.isInvocation)
}

function operationOf({ call, isInvocation, at }: TapeMoment, index: number, start: bigint): NewOperation {
  const time = at - start
  if (isInvocation) return { ...heading(call, 'invoke', index, time), value: valueOf(call, 'invoke', null) }
  const { type, value, error } = call.completion!
  const completed = heading(call, type, index, time)
  return withError(completed, valueOf(call, type, value), error)
}

type Heading = Omit<NewOperation, 'value' | 'error'>

function heading({ process, f }: TapeCall, type: OperationType, index: number, time: bigint): Heading {
  return { index, time: Number(time), type, process, f }
}

function withError(completed: Heading, value: Value, error: Value): NewOperation {
  return error === null ? { ...completed, value } : { ...completed, value, error }
}

/** What a client asks for, or is told. What was read is known only of a call that has happened. */
function valueOf({ micros, argument }: TapeCall, type: OperationType, value: Value): Value {
  if (micros.length === 0) return value ?? argument
  return type === 'ok' ? micros : micros.map(unread)
}

function unread(micro: MicroOperation): MicroOperation {
  return micro[0] === 'r' ? ['r', micro[1], null] : micro
}
