/** The database lost, damaged or invented something: the run is worthless. */
export class WrongResultError extends Error {
  override readonly name = 'WrongResultError'
}
