/**
 * A version: one immutable value of one key.
 *
 *     word 0-1  stamp of the writer, state bits zero
 *     word 2    older version's address, or 0. Dangles once this version's stamp is below the safe stamp: no reader
 *               walks past it then
 *     word 3    length of the value in bytes, or -1: the key was deleted
 *     word 4-5  journal position of the writer
 *     byte 24   the value
 */
export const versionOlder = 2
export const versionLength = 3
export const versionHeaderBytes = 24
export const versionHeaderWords: number = versionHeaderBytes / 4
export const lengthDeleted = -1

/** Larger values would need more than 256 chunks in a row. */
export const maxValueBytes: number = 16 * 1024 * 1024 - 64
