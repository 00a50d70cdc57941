import { typeInvoke, typeOk } from '../../history/history.js'
import { type Calls, outcome } from './calls.js'
import { type GraphBuilder, kind } from './graph.js'

/**
 * Adds that a transaction which ended (with `ok`) before another began comes before it. Ends that no
 * beginning separates share a hub, and each hub leads to the next: three edges for a transaction at most.
 */
export function addRealtime(calls: Calls, graph: GraphBuilder): void {
  const { types } = calls.columns
  const callAt = callsByPosition(calls)
  let hub = -1
  let isOpen = false
  for (let position = 0; position < callAt.length; position += 1) {
    const call = callAt[position]!
    if (call < 0) continue
    if (types.data[position] === typeInvoke) {
      isOpen = false
      if (hub >= 0 && calls.outcomes.data[call] !== outcome.failed) graph.addEdge(hub, call, kind.tail)
    } else if (types.data[position] === typeOk) {
      if (!isOpen) {
        const before = hub
        hub = graph.addHub()
        if (before >= 0) graph.addEdge(before, hub, kind.tail)
      }
      isOpen = true
      graph.addEdge(call, hub, kind.realtime)
    }
  }
}

/** Adds that the transactions of a process which ended with `ok` come one after the other. */
export function addProcessOrder(calls: Calls, graph: GraphBuilder): void {
  forProcessSteps(calls, (before, after) => graph.addEdge(before, after, kind.process))
}

/** Each two transactions with `ok` of which one is the next of the other's process. */
export function forProcessSteps(calls: Calls, each: (before: number, after: number) => void): void {
  const { processes } = calls.columns
  const lasts = new Int32Array(calls.columns.processNames.length).fill(-1)
  for (let call = 0; call < calls.count; call += 1) {
    if (!calls.isOk(call)) continue
    const process = processes.data[calls.invocations.data[call]!]!
    if (lasts[process]! >= 0) each(lasts[process]!, call)
    lasts[process] = call
  }
}

/** The call whose invocation or completion is at a position, or -1. */
export function callsByPosition(calls: Calls): Int32Array {
  const callAt = new Int32Array(calls.history.size).fill(-1)
  for (let call = 0; call < calls.count; call += 1) {
    callAt[calls.invocations.data[call]!] = call
    const completion = calls.completions.data[call]!
    if (completion >= 0) callAt[completion] = call
  }
  return callAt
}
