/** What is known about the first place of a segment that does not continue the journal, or may not. */
export interface Place {
  /** Only zeros up to the end of the file, or nothing at all, or a frame of an earlier use of the file. */
  readonly isBlank: boolean
  /** The length is that of a frame, and the file goes on for so long. */
  readonly lengthFits: boolean
  readonly checksumMatches: boolean
  readonly positionFollows: boolean
  /** The kind is known and may stand here. */
  readonly kindFits: boolean
  /** Something says that the position expected here had been durable, so that a frame must be here. */
  readonly isProvenDurable: boolean
}

export type Verdict = 'keep' | 'end' | 'cut' | 'refuse'

export interface Decision {
  readonly verdict: Verdict
  readonly reason: string
}

type Answer = boolean | undefined

interface Row extends Decision {
  /** In the order of `Place`; undefined where the answer does not matter. */
  readonly answers: readonly [
    isBlank: Answer,
    lengthFits: Answer,
    checksumMatches: Answer,
    positionFollows: Answer,
    kindFits: Answer,
    isProvenDurable: Answer,
  ]
}

const any = undefined
const yes = true
const no = false

/**
 * A write that a crash tore leaves a wrong length or checksum, or zeros: it is cut off, unless something
 * proves that it had been synced. A frame whose checksum matches was not torn: at a wrong position, or of a
 * wrong kind, it is damage that no crash explains.
 */
const rows: readonly Row[] = [
  // blank, length, checksum, position, kind, proven
  { answers: [yes, any, any, any, any, no], verdict: 'end', reason: 'the journal ends here' },
  { answers: [yes, any, any, any, any, yes], verdict: 'refuse', reason: 'frames are missing' },
  { answers: [no, no, any, any, any, no], verdict: 'cut', reason: 'the length of the frame does not fit' },
  {
    answers: [no, no, any, any, any, yes],
    verdict: 'refuse',
    reason: 'the length of the frame does not fit',
  },
  {
    answers: [no, yes, no, any, any, no],
    verdict: 'cut',
    reason: 'the checksum of the frame does not match',
  },
  {
    answers: [no, yes, no, any, any, yes],
    verdict: 'refuse',
    reason: 'the checksum of the frame does not match',
  },
  { answers: [no, yes, yes, no, any, any], verdict: 'refuse', reason: 'the frame is of another position' },
  { answers: [no, yes, yes, yes, no, any], verdict: 'refuse', reason: 'a frame of this kind cannot be here' },
  { answers: [no, yes, yes, yes, yes, any], verdict: 'keep', reason: 'the frame is sound' },
]

/** Whether the journal goes on at a place, ends there, is cut off there, or is refused. */
export function decide(place: Place): Decision {
  return rowsFor(place)[0]!
}

/** The rows of the table that a place meets: one. */
export function rowsFor(place: Place): readonly Decision[] {
  const found = [
    place.isBlank,
    place.lengthFits,
    place.checksumMatches,
    place.positionFollows,
    place.kindFits,
    place.isProvenDurable,
  ]
  return rows.filter(({ answers }) =>
    answers.every((answer, at) => answer === undefined || answer === found[at]),
  )
}
