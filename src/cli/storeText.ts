import { TidemarkError } from '../errors.js'
import type { Gap, Opening, StoreReport } from '../journal.js'

export const exitCodes = { damaged: 1, unreadable: 3 } as const

/** Runs the body of a command; an error that users can do something about is said in a line, not thrown. */
export function reporting(body: () => void): void {
  try {
    body()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (!(error instanceof TidemarkError) && typeof code !== 'string') throw error
    process.stderr.write(`tidemark: ${(error as Error).message}\n`)
    process.exitCode = exitCodes.unreadable
  }
}

export function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}

export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}

export const entryNouns = ['put or removal', 'puts and removals'] as const

/** What opening would come to, a line for each thing to know. */
export function openingLines(opening: Opening): string[] {
  if (opening.verdict === 'empty') return ['empty: there is no store here yet']
  if (opening.verdict === 'refused') {
    const where = opening.offset === undefined ? '' : `${opening.file}, byte ${opening.offset}: `
    return [`DAMAGED: ${where}${opening.reason}`]
  }
  const { cuts, isEnded, endPosition, checkpoint, transactions, entries, journalEntries } = opening
  const contents =
    journalEntries > 0
      ? plural(journalEntries, 'entry', 'entries')
      : `${plural(transactions, 'transaction')} in the journal, ${plural(entries, ...entryNouns)} in all`
  return [
    `sound: ${contents}`,
    `ends at position ${endPosition}, ${isEnded ? 'closed' : 'not closed: its process was ended, or crashed'}`,
    ...(checkpoint === undefined ? [] : [`begins with ${checkpoint}`]),
    ...cuts.map(
      ({ file, offset, droppedBytes, reason }) =>
        `torn tail: ${file} will be cut off at byte ${offset} (${plural(droppedBytes, 'byte')}): ${reason}`,
    ),
  ]
}

export function gapLine({ file, offset, lengthBytes, fromPosition, toPosition }: Gap): string {
  const positions =
    fromPosition === undefined
      ? ''
      : `, positions ${fromPosition} to ${toPosition === undefined ? 'the end of the file' : String(toPosition)}`
  return lengthBytes === 0
    ? `a part of the journal is missing, which ${file} follows or needs${positions}`
    : `${file}, bytes ${offset} to ${offset + lengthBytes}${positions}`
}

/** The files, a line each, with what is in them. */
export function fileLines({ checkpoints, segments, temporary }: StoreReport): string[] {
  return [
    ...checkpoints.map(({ file, fileBytes, position, required, entries, problem }) => {
      const content =
        problem === undefined
          ? `${plural(entries ?? 0, 'key')}, replay from ${position}, needs the journal up to ${required}`
          : `DAMAGED ${problem}`
      return `${file}  ${plural(fileBytes, 'byte')}  ${content}`
    }),
    ...segments.flatMap(({ file, fileBytes, position, endPosition, frames, gaps, problem }) => [
      `${file}  ${plural(fileBytes, 'byte')}  positions ${position} to ${endPosition}  ${framesText(frames)}`,
      ...(problem === undefined ? [] : [`  header: ${problem}`]),
      ...gaps.map((gap) => `  no sound frame: ${gapLine(gap)}`),
    ]),
    ...temporary.map((file) => `${file}  not needed, or not finished; opening removes it`),
  ]
}

function framesText(frames: Readonly<Record<string, number>>): string {
  const texts = Object.entries(frames).map(([kind, count]) => `${count.toLocaleString('en-US')} ${kind}`)
  return texts.length === 0 ? 'no frames' : texts.join(', ')
}
