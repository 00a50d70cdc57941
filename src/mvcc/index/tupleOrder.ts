import type { BlockReader } from './block.js'

/** Bytes of a key that a 64-bit float holds exactly, as an integer. */
const headBytes = 6

/** How many tuples are moved before the caller may do something else. */
const turnTuples = 32 * 1024

/** Tuples with their heads: key bytes behind what all keys begin with, as a number that orders as they do. */
interface Column {
  readonly heads: Float64Array
  readonly tuples: Int32Array
}

/**
 * Puts tuples of one table into the order of their keys, in place: a natural merge sort, so that keys which
 * came nearly in order cost little. Yields now and then. Most comparisons look at heads alone.
 */
export function* sortTuples(reader: BlockReader, tuples: Int32Array): Generator<void, void, void> {
  const count = tuples.length
  let from: Column = { heads: headsOf(reader, tuples), tuples }
  let to: Column = { heads: new Float64Array(count), tuples: new Int32Array(count) }
  const merger = new Merger(reader)
  let runs = merger.runsOf(from)
  while (runs.length > 2) {
    const longer = [0]
    let turn = 0
    for (let run = 0; run + 1 < runs.length; run += 2) {
      const end = runs[run + 2] ?? count
      merger.merge(from, to, [runs[run]!, runs[run + 1]!, end])
      longer.push(end)
      turn += end - runs[run]!
      if (turn < turnTuples) continue
      turn = 0
      yield
    }
    runs = longer
    const merged = to
    to = from
    from = merged
  }
  if (from.tuples !== tuples) tuples.set(from.tuples)
}

class Merger {
  readonly #reader: BlockReader

  constructor(reader: BlockReader) {
    this.#reader = reader
  }

  /** Where runs of ascending keys begin, and the end of the last. */
  runsOf({ heads, tuples }: Column): number[] {
    const runs = [0]
    for (let at = 1; at < tuples.length; at++) {
      const difference = heads[at - 1]! - heads[at]! || this.#compare(tuples[at - 1]!, tuples[at]!)
      if (difference > 0) runs.push(at)
    }
    runs.push(tuples.length)
    return runs
  }

  /** Merges two neighbouring runs, of which the second may be empty. */
  merge(from: Column, to: Column, [start, middle, end]: readonly [number, number, number]): void {
    let left = start
    let right = middle
    for (let at = start; at < end; at++) {
      const isLeft =
        right === end ||
        (left < middle &&
          (from.heads[left]! - from.heads[right]! ||
            this.#compare(from.tuples[left]!, from.tuples[right]!)) <= 0)
      const taken = isLeft ? left++ : right++
      to.heads[at] = from.heads[taken]!
      to.tuples[at] = from.tuples[taken]!
    }
  }

  #compare(a: number, b: number): number {
    const { bytes, start, length } = this.#reader.keyOfTuple(b)
    return this.#reader.compareTuple(a, bytes, start, length)
  }
}

function headsOf(reader: BlockReader, tuples: Int32Array): Float64Array {
  const heads = new Float64Array(tuples.length)
  const prefixLength = prefixOf(reader, tuples)
  for (let at = 0; at < tuples.length; at++) {
    const { bytes, start, length } = reader.keyOfTuple(tuples[at]!)
    let head = 0
    for (let i = prefixLength; i < prefixLength + headBytes; i++)
      head = head * 256 + (i < length ? bytes[start + i]! : 0)
    heads[at] = head
  }
  return heads
}

/** How many bytes all keys begin with. */
function prefixOf(reader: BlockReader, tuples: Int32Array): number {
  if (tuples.length === 0) return 0
  const first = reader.keyOfTuple(tuples[0]!)
  let prefix = first.length
  for (const tuple of tuples) {
    const { bytes, start, length } = reader.keyOfTuple(tuple)
    prefix = Math.min(prefix, length)
    for (let i = 0; i < prefix; i++) if (bytes[start + i] !== first.bytes[first.start + i]) prefix = i
  }
  return prefix
}
