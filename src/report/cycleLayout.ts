/**
 * Places for the transactions of a cycle: one above the other for two, an ellipse for more. A layout engine
 * would be a megabyte and half a second for what a cycle does not need: a minimal one is a ring of few nodes
 * without chords, and on an ellipse none of its edges cross.
 */
export interface Box {
  readonly width: number
  readonly height: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** A quadratic curve from the border of one box to that of the next. */
export interface Curve {
  readonly from: Point
  readonly bend: Point
  readonly to: Point
}

export interface CycleLayout {
  /** The middle of each box. */
  readonly centers: readonly Point[]
  /** From each box to the next, from the last to the first. */
  readonly curves: readonly Curve[]
}

const gap = { x: 46, y: 58 }

export function layoutCycle(boxes: readonly Box[]): CycleLayout {
  const centers = boxes.length <= 2 ? stacked(boxes) : ring(boxes)
  return { centers, curves: boxes.map((_, i) => curveFrom(i, boxes, centers)) }
}

function stacked(boxes: readonly Box[]): Point[] {
  const [first, second] = boxes
  if (first === undefined || second === undefined) return boxes.map(() => ({ x: 0, y: 0 }))
  return [
    { x: 0, y: 0 },
    { x: 0, y: first.height / 2 + 70 + second.height / 2 },
  ]
}

/** The smallest ellipse on which no two boxes come near each other, the first box on top, clockwise. */
function ring(boxes: readonly Box[]): Point[] {
  const widest = Math.max(...boxes.map(({ width }) => width))
  const highest = Math.max(...boxes.map(({ height }) => height))
  for (let size = 0.3; ; size *= 1.06) {
    const centers = boxes.map((_, i) => {
      const angle = (2 * Math.PI * i) / boxes.length - Math.PI / 2
      return {
        x: Math.cos(angle) * size * (widest + gap.x),
        y: Math.sin(angle) * size * (highest + gap.y) * 1.15,
      }
    })
    if (!haveContact(boxes, centers)) return centers
  }
}

function haveContact(boxes: readonly Box[], centers: readonly Point[]): boolean {
  return boxes.some((box, i) =>
    boxes.slice(0, i).some((other, j) => {
      const [a, b] = [centers[i]!, centers[j]!]
      const isBeside = Math.abs(a.x - b.x) >= (box.width + other.width) / 2 + gap.x
      const isBelow = Math.abs(a.y - b.y) >= (box.height + other.height) / 2 + gap.y
      return !isBeside && !isBelow
    }),
  )
}

function curveFrom(i: number, boxes: readonly Box[], centers: readonly Point[]): Curve {
  const next = (i + 1) % boxes.length
  const [from, to] = [centers[i]!, centers[next]!]
  if (i === next) return loop(boxes[i]!)
  const bend = boxes.length === 2 ? aside(i, boxes) : outward(from, to)
  const starts = lastInside((t) => pointOn({ from, bend, to }, t), boxes[i]!, from)
  const ends = 1 - lastInside((t) => pointOn({ from, bend, to }, 1 - t), boxes[next]!, to)
  return partOf({ from, bend, to }, starts, ends)
}

/** The two edges of a pair leave by opposite sides, so that they and their labels stay apart. */
function aside(i: number, boxes: readonly Box[]): Point {
  const widest = Math.max(...boxes.map(({ width }) => width))
  const y = boxes[0]!.height / 2 + 35
  return { x: (i === 0 ? 1 : -1) * widest * 0.62, y }
}

/** Bent away from the middle of the ring, which is the origin. */
function outward(from: Point, to: Point): Point {
  return { x: ((from.x + to.x) / 2) * 1.22, y: ((from.y + to.y) / 2) * 1.22 }
}

function loop({ width, height }: Box): Curve {
  const x = width / 2
  return { from: { x, y: -height / 4 }, bend: { x: x + 90, y: 0 }, to: { x, y: height / 4 } }
}

const steps = 200

function lastInside(at: (t: number) => Point, { width, height }: Box, center: Point): number {
  let last = 0
  for (let i = 0; i <= steps / 2; i += 1) {
    const { x, y } = at(i / steps)
    if (Math.abs(x - center.x) <= width / 2 && Math.abs(y - center.y) <= height / 2) last = i / steps
  }
  return last
}

export function pointOn({ from, bend, to }: Curve, t: number): Point {
  const u = 1 - t
  return {
    x: u * u * from.x + 2 * u * t * bend.x + t * t * to.x,
    y: u * u * from.y + 2 * u * t * bend.y + t * t * to.y,
  }
}

/** De Casteljau, twice: what is left of the curve between two of its points. */
function partOf(curve: Curve, t0: number, t1: number): Curve {
  const between = (a: Point, b: Point, t: number): Point => ({
    x: a.x + (b.x - a.x) * t,
    y: a.y + (b.y - a.y) * t,
  })
  const bend = between(between(curve.from, curve.bend, t0), between(curve.bend, curve.to, t0), t1)
  return { from: pointOn(curve, t0), bend, to: pointOn(curve, t1) }
}
