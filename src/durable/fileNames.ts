const positionDigits = 16

export const lockFile = 'lock'
export const temporarySuffix = '.tmp'
/** A segment that is needed no more, to be written over as the next one. */
export const reserveFile: string = `journal-next${temporarySuffix}`

const segmentPattern = /^journal-([0-9a-f]{16})\.log$/
const checkpointPattern = /^checkpoint-([0-9a-f]{16})\.ckpt$/

export function segmentName(position: number): string {
  return `journal-${digitsOf(position)}.log`
}

export function checkpointName(position: number): string {
  return `checkpoint-${digitsOf(position)}.ckpt`
}

export interface NamedFile {
  readonly name: string
  readonly position: number
}

/** The segments among the names, by position. */
export function segmentsIn(names: readonly string[]): NamedFile[] {
  return matching(names, segmentPattern)
}

/** The checkpoints among the names, by position. */
export function checkpointsIn(names: readonly string[]): NamedFile[] {
  return matching(names, checkpointPattern)
}

/** What an interrupted installation left, or was kept for one. */
export function temporaryIn(names: readonly string[]): string[] {
  return names.filter((name) => {
    if (name === reserveFile) return true
    const installed = name.slice(0, -temporarySuffix.length)
    return (
      name.endsWith(temporarySuffix) && (segmentPattern.test(installed) || checkpointPattern.test(installed))
    )
  })
}

function matching(names: readonly string[], pattern: RegExp): NamedFile[] {
  return names
    .flatMap((name) => {
      const digits = pattern.exec(name)?.[1]
      return digits === undefined ? [] : [{ name, position: Number.parseInt(digits, 16) }]
    })
    .sort((a, b) => a.position - b.position)
}

function digitsOf(position: number): string {
  return position.toString(16).padStart(positionDigits, '0')
}
