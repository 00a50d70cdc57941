/**
 * What the writers of a journal's segments leave to each other, as indices of an array of 64-bit floats,
 * which may be shared by threads: one of them writes at a time.
 */
export const segmentState = {
  /** Position of the next frame. */
  position: 0,
  /** Everything below this position is durable. */
  synced: 1,
  /** Position of the first frame of the segment being written. */
  segment: 2,
  /** Where the next group goes in the segment's file; 0 before there is one. */
  offset: 3,
  /** The end of the file: of the zeros, if there are any ahead. */
  fileBytes: 4,
} as const
export const segmentStateLength = 5
