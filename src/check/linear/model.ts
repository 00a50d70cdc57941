import type { Value } from '../../history/operation.js'

/**
 * What one object does when it is used by one client at a time. The checker looks for an order of the calls
 * in which this object gives every answer of the history.
 *
 * `State` is anything but `undefined`. Steps must be pure: never change a state, return another.
 */
export interface Model<State> {
  readonly name: string
  /** The functions it knows, by the `f` of their operations. A history with any other is refused. */
  readonly functions: readonly string[]
  readonly init: State
  /** The state after the call, or `undefined` when the call, with its answer, cannot happen in it. */
  step(state: State, call: ModelCall): State | undefined
  /**
   * What two states have in common exactly if they are equal. Without it, states are compared by what is in
   * them: numbers, strings and so on, and arrays, maps, sets and plain objects of these.
   */
  key?(state: State): string | number | bigint
  /**
   * The part of the object the call is about. Parts are checked one by one, which is exponentially faster:
   * return them whenever no call is about two parts and no part influences another.
   */
  partition?(call: ModelCall): Value
  /** What a call of this function looks like, when this one does not. */
  expected?(call: ModelCall): string | undefined
  /**
   * True when the call never changes a state in which it can happen, as a read. Such calls need no search, so
   * say so whenever it is known; it changes how long a search takes, and nothing else.
   */
  isReadOnly?(call: ModelCall): boolean
  /** True when no sequence of calls can lead from this state to one in which the call can happen. */
  isHopeless?(state: State, call: ModelCall): boolean
  /**
   * For a call that is about to return, which others are to be tried before it. Those that can as well take
   * effect after it need not be (a partial order reduction). All are by default.
   */
  triedBefore?(state: State, returning: ModelCall): (other: ModelCall) => boolean
  /**
   * For each call, how soon it should be tried: smaller first. By default, calls that return first. It
   * changes how long a search takes, and nothing else.
   */
  urgency?(calls: readonly TimedCall[]): readonly number[]
  /** The state in words, to follow "then": `the register holds 3`. */
  describe?(state: State): string
}

/** A call as a model sees it: calls that are equal here are interchangeable. */
export interface ModelCall {
  readonly f: string
  /** The answer, when it is known; else what was asked. */
  readonly value: Value
  /** What was asked. */
  readonly input: Value
  /** False when the outcome is unknown: the call may have taken effect, or may still, or never. */
  readonly isKnown: boolean
}

/** A call with its places in the history. */
export interface TimedCall extends ModelCall {
  readonly invokedAt: number
  /** Infinite when the outcome is unknown. */
  readonly returnsAt: number
}
