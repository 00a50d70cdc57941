/** Turns the values of one table into bytes and back. */
export interface ValueCodec<V> {
  /**
   * Says which bytes this codec writes: equal names mean equal layouts, so threads can compare what they
   * opened.
   */
  readonly name: string

  /**
   * Writes `value` into `target` from `start` and returns the end, or -1 when it does not fit: the caller
   * then grows the buffer and calls again. Bytes from `start` on may have been overwritten in either case.
   */
  encode(value: V, target: Buffer, start: number): number

  /**
   * Reads the value at `[start, end)`. It must copy what it returns: `source` is shared memory that changes
   * later.
   */
  decode(source: Buffer, start: number, end: number): V
}

/**
 * A codec of values of many types. It serves a table of any `V`, and a table that names no `V` gets
 * `unknown`.
 */
export interface UntypedCodec {
  readonly name: string
  encode(value: unknown, target: Buffer, start: number): number
  decode<V>(source: Buffer, start: number, end: number): V
}
