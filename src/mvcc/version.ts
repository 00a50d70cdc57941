/**
 * A version: one immutable value of one key.
 *
 *     word 0-1  stamp of the writer, state bits zero
 *     word 2    older version's address, or 0. Dangles once this version's stamp is below the safe stamp: no
 *               reader walks past it then
 *     word 3    length of the value in bytes; or -1: the key was deleted; or -2: out of its chain, because
 *               nobody can see it
 *     word 4-5  where the writer's record in the journal ends, a 64-bit float; 0 if it has none; of one out
 *               of its chain, the stamp of the time since when
 *     byte 24   the value; of a delete, the stamp of the time when it was installed: all that were open then
 *               have ended once that is below the safe stamp
 */
export const versionOlder = 2
export const versionLength = 3
export const versionHeaderBytes = 24
export const versionHeaderWords: number = versionHeaderBytes / 4
export const lengthDeleted = -1
export const lengthUnlinked = -2
/** In 64-bit words from the version's address. */
export const unlinkedAt = 2
/** In 64-bit words from the version's address. */
export const versionPosition = 2
export const deletedAt = 3
export const deletedBytes = 8

/** Larger values would need more than 256 chunks in a row. */
export const maxValueBytes: number = 16 * 1024 * 1024 - 64
