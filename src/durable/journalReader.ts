import type { Disk } from './disk.js'
import { JournalDamagedError } from './errors.js'
import { segmentsIn } from './fileNames.js'
import { SegmentScan } from './segmentScan.js'

export interface PositionedPayload {
  readonly position: number
  readonly payload: Uint8Array
}

/**
 * The entries of a journal that is being written, from position `start` up to `end`, which must be durable.
 * What is behind, and may be half written, is not looked at.
 *
 * Throws `JournalDamagedError` where an entry is not as it was written, or gone.
 */
export function* readEntries(
  disk: Disk,
  { start, end }: { readonly start: number; readonly end: number },
): Generator<PositionedPayload, void, void> {
  const segments = segmentsIn(disk.list()).filter(({ position }) => position < end)
  const first = segments.findLastIndex(({ position }) => position <= start)
  let reached = start
  for (const file of segments.slice(Math.max(first, 0))) {
    let found: PositionedPayload[] = []
    const scan = new SegmentScan(disk, file, {
      from: start,
      visit: ({ bytes, start: payloadStart, end: payloadEnd, position }) => {
        if (position < end)
          found.push({ position, payload: Uint8Array.from(bytes.subarray(payloadStart, payloadEnd)) })
      },
    })
    for (let hasMore = true; hasMore; ) {
      hasMore = scan.step() && scan.position < end
      yield* found
      found = []
    }
    if (file.position > reached) throw missing(file.name, reached)
    reached = scan.position
  }
  if (reached < end) throw missing(segments.at(-1)?.name ?? 'journal', reached)
}

function missing(file: string, position: number): JournalDamagedError {
  return new JournalDamagedError({
    file,
    offset: 0,
    position,
    reason: `the entry at position ${position}, which had been durable, is not there`,
  })
}
