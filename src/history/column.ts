/** Numbers that grow at the end, without an object each. Readers index `data` below `length`. */
export class IntColumn {
  data: Int32Array
  length = 0

  constructor(capacity = 1024) {
    this.data = new Int32Array(capacity)
  }

  push(value: number): void {
    if (this.length === this.data.length) this.reserve(this.length + 1)
    this.data[this.length] = value
    this.length += 1
  }

  /** Makes room for `count` numbers in all, keeping those there are. */
  reserve(count: number): void {
    if (count <= this.data.length) return
    const grown = new Int32Array(Math.max(count, this.data.length * 2))
    grown.set(this.data)
    this.data = grown
  }
}

/** As `IntColumn`, for numbers beyond 32 bits. */
export class FloatColumn {
  data: Float64Array
  length = 0

  constructor(capacity = 1024) {
    this.data = new Float64Array(capacity)
  }

  push(value: number): void {
    if (this.length === this.data.length) this.reserve(this.length + 1)
    this.data[this.length] = value
    this.length += 1
  }

  reserve(count: number): void {
    if (count <= this.data.length) return
    const grown = new Float64Array(Math.max(count, this.data.length * 2))
    grown.set(this.data)
    this.data = grown
  }
}
