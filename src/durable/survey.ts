import type { Disk } from './disk.js'
import { frameHeaderBytes, frameKind, frameWord, isFrameSound, markBytes } from './frame.js'
import { getU64 } from './littleEndian.js'

const pieceBytes = 1024 * 1024
const markWord = frameWord(frameKind.mark, markBytes)
const endWord = frameWord(frameKind.end, markBytes)

/** What lies in a file from some place on. */
export interface Beyond {
  readonly isBlank: boolean
  /** The first mark or end that says that the position was durable. */
  readonly proof: Proof | undefined
}

export interface Proof {
  readonly offset: number
  readonly synced: number
}

export interface SurveyOptions {
  readonly offset: number
  /** What proofs are wanted for. */
  readonly position: number
  readonly seed: number
}

/**
 * Looks through the rest of a file, wherever frames may begin, for a mark or an end that proves a position
 * durable. Linear in the bytes; checksums are computed only where the first word is that of a mark.
 */
export function survey(disk: Disk, name: string, { offset, position, seed }: SurveyOptions): Beyond {
  const restBytes = disk.size(name) - offset
  const words = new Int32Array(Math.min(pieceBytes, Math.ceil(restBytes / 8) * 8) / 4)
  const bytes = Buffer.from(words.buffer)
  let isBlank = true
  for (let start = offset; ; ) {
    const count = disk.read(name, start, bytes)
    bytes.fill(0, count)
    for (let at = 0; at < count; at += 8) {
      const word = words[at >> 2]!
      if (word === 0 && words[(at >> 2) + 1] === 0) continue
      isBlank = false
      if ((word !== markWord && word !== endWord) || at + markBytes > count) continue
      const synced = getU64(bytes, at + frameHeaderBytes)
      if (synced > position && isFrameSound(bytes, at, seed))
        return { isBlank, proof: { offset: start + at, synced } }
    }
    if (start + count >= offset + restBytes || count < bytes.length) return { isBlank, proof: undefined }
    // A mark may lie across two pieces.
    start += pieceBytes - (markBytes - 8)
  }
}
