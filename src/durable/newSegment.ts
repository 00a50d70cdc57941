import { JournalClosedError } from './errors.js'
import type { Ring } from './ring.js'
import { ringHeader, ringState, writerSleep } from './ringLayout.js'

/** Those who wait look at least so often whether the journal thread is still there. */
const lookStepMs = 100

/**
 * Has the journal thread begin a new segment, blocks until it has, and answers where the segment begins:
 * everything below is durable, and in older segments. It is the journal's tail of some moment of this call;
 * or of an earlier one, if the segment being written begins at `youngFrom` or behind that, and so will do.
 *
 * Throws `JournalFailedError` or `JournalClosedError` if the journal has ended.
 */
export function beginSegment(
  ring: Ring,
  isThreadDead: (nativeThread: number) => boolean,
  youngFrom: number = Number.POSITIVE_INFINITY,
): number {
  const { i32, f64 } = ring
  const segment = f64[ringHeader.segment >> 1]!
  if (segment >= youngFrom) return segment
  const asked = (Atomics.add(i32, ringHeader.segmentsAsked, 1) + 1) | 0
  ring.wakeWriter(writerSleep.pacing)
  for (;;) {
    const begun = Atomics.load(i32, ringHeader.segmentsBegun)
    // Both count modulo 2^32.
    if (((begun - asked) | 0) >= 0) return f64[ringHeader.segment >> 1]!
    requireOpen(ring, isThreadDead)
    Atomics.wait(i32, ringHeader.segmentsBegun, begun, lookStepMs)
  }
}

function requireOpen(ring: Ring, isThreadDead: (nativeThread: number) => boolean): void {
  const native = ring.i32[ringHeader.nativeThread]!
  const { state } = ring
  if (state === ringState.open && native !== 0 && isThreadDead(native))
    ring.fail(new Error('the journal thread has ended'))
  if (ring.state === ringState.failed) throw ring.failure()
  if (state === ringState.closed) throw new JournalClosedError()
}
