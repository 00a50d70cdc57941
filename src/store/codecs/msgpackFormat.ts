// MessagePack (msgpack.org) with its one-byte heads. What MessagePack has no form for goes into extensions,
// always with a four-byte length: numbers -128..-1 are reserved by the format, the others belong to the
// application.
export const head = {
  fixMap: 0x80,
  fixArray: 0x90,
  fixText: 0xa0,
  nil: 0xc0,
  false: 0xc2,
  true: 0xc3,
  bytes8: 0xc4,
  bytes16: 0xc5,
  bytes32: 0xc6,
  extension32: 0xc9,
  float64: 0xcb,
  uint8: 0xcc,
  uint16: 0xcd,
  uint32: 0xce,
  int8: 0xd0,
  int16: 0xd1,
  int32: 0xd2,
  int64: 0xd3,
  fixExtension1: 0xd4,
  fixExtension8: 0xd7,
  text8: 0xd9,
  text16: 0xda,
  text32: 0xdb,
  array16: 0xdc,
  array32: 0xdd,
  map16: 0xde,
  map32: 0xdf,
  negativeFixInt: 0xe0,
} as const

export const extension = {
  /** One byte, 0. */
  undefined: 0,
  /** A sign byte, 1 below zero, and the magnitude, largest byte first. */
  bigint: 0x42,
  /** A float64: the time in ms, NaN in an invalid Date. */
  date: 0x44,
  /** A MessagePack map, whose keys may be anything. */
  map: 0x4d,
  /** A MessagePack array. */
  set: 0x53,
  /** UTF-16, for text with lone surrogates, which UTF-8 cannot hold. */
  text: 0x54,
  /** The index in `binaryKinds` and the elements, in the byte order of the machine. */
  binary: 0x62,
  /** The bytes of an ArrayBuffer. */
  buffer: 0x41,
} as const

/** What `binary` may hold. Their order is part of the format. */
export const binaryKinds: readonly BinaryKind[] = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
]

export interface BinaryKind {
  readonly prototype: object
  new (buffer: ArrayBuffer): ArrayBufferView
}

/** Deeper values are refused, written or read, before they overflow the stack. */
export const depthLimit = 512
