/** Cycles by what they are made of, the worst first. Each has variants with process and realtime edges. */
export const cycleTypes = ['G0', 'G1c', 'G-single-item', 'G-nonadjacent-item', 'G2-item'] as const
export const variants = ['', '-process', '-realtime'] as const

/**
 * Which anomaly is also an anomaly of another kind: every G0 is a G1c, and so on. After Adya (Weak
 * Consistency, 1999), Bailis et al. (Highly Available Transactions, 2013), Cerone et al. (A Framework for
 * Transactional Consistency Models with Atomic Visibility, 2015) and the choices of Elle.
 */
export const implied: Readonly<Record<string, readonly string[]>> = {
  ...inEachVariant('G0', ['G1c']),
  ...inEachVariant('G1c', ['G1']),
  ...inEachVariant('G1', []),
  ...inEachVariant('G-single-item', ['G-single', 'G-nonadjacent-item']),
  ...inEachVariant('G-single', ['G-nonadjacent']),
  ...inEachVariant('G-nonadjacent-item', ['G-nonadjacent', 'G2-item']),
  ...inEachVariant('G-nonadjacent', ['G2']),
  ...inEachVariant('G2-item', ['G2']),
  ...inEachVariant('G2', []),
  G1a: ['G1'],
  G1b: ['G1'],
  'incompatible-order': ['G1a'],
  'future-read': ['G1c'],
  'dirty-update': ['G1a'],
  'lost-update': ['write-skew', 'G2-item'],
  'write-skew': ['G2'],
}

/** An anomaly without process edges is one that may use them, and processes follow real time. */
function inEachVariant(type: string, stronger: readonly string[]): Record<string, string[]> {
  return Object.fromEntries(
    variants.map((variant, i) => {
      const next = variants[i + 1]
      const own = next === undefined ? [] : [type + next]
      return [type + variant, [...stronger.map((other) => other + variant), ...own]]
    }),
  )
}

/** Everything that can be reached from the names, themselves included. */
export function reachable(
  names: Iterable<string>,
  next: Readonly<Record<string, readonly string[]>>,
): Set<string> {
  const reached = new Set(names)
  for (const name of reached) for (const other of next[name] ?? []) reached.add(other)
  return reached
}

/** The same relation, seen from the other end. */
export function reversed(
  next: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, readonly string[]>> {
  const before: Record<string, string[]> = {}
  for (const [name, others] of Object.entries(next)) {
    for (const other of others) (before[other] ??= []).push(name)
  }
  return before
}

/** The worst anomalies first, others by name. */
export function compareSeverity(a: string, b: string): number {
  return severity(a) - severity(b) || (a < b ? -1 : 1)
}

const order = [
  'duplicate-elements',
  'cyclic-versions',
  'incompatible-order',
  'dirty-update',
  'G1a',
  'G1b',
  'garbage-read',
  'internal',
  'future-read',
  'lost-update',
]

function severity(type: string): number {
  const direct = order.indexOf(type)
  if (direct >= 0) return cycleTypes.length + direct
  const variant = variants.findLastIndex((suffix) => type.endsWith(suffix))
  const base = type.slice(0, type.length - variants[variant]!.length)
  const cycle = (cycleTypes as readonly string[]).indexOf(base)
  if (cycle < 0) return Number.MAX_SAFE_INTEGER
  return variant === 0 ? cycle : cycleTypes.length + order.length + variant * cycleTypes.length + cycle
}
