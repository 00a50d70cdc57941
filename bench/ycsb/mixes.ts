export const coreWorkloads = ['a', 'b', 'c', 'd', 'e', 'f'] as const
export type CoreWorkload = (typeof coreWorkloads)[number]
export type WorkloadName = CoreWorkload | 'txn' | 'bank'

/**
 * A YCSB core workload: what share of the operations does what, out of 100, and which records they choose.
 */
export interface Mix {
  readonly title: string
  readonly read: number
  readonly update: number
  readonly insert: number
  readonly scan: number
  readonly modify: number
  readonly chooser: 'zipfian' | 'latest'
}

const nothing = { read: 0, update: 0, insert: 0, scan: 0, modify: 0 } as const

/** As YCSB's files workloada to workloadf define them. */
export const mixes: Readonly<Record<CoreWorkload, Mix>> = {
  a: { ...nothing, title: '50 % reads, 50 % updates', read: 50, update: 50, chooser: 'zipfian' },
  b: { ...nothing, title: '95 % reads, 5 % updates', read: 95, update: 5, chooser: 'zipfian' },
  c: { ...nothing, title: '100 % reads', read: 100, chooser: 'zipfian' },
  d: { ...nothing, title: '95 % reads of the latest, 5 % inserts', read: 95, insert: 5, chooser: 'latest' },
  e: { ...nothing, title: '95 % scans of 1 to 100, 5 % inserts', scan: 95, insert: 5, chooser: 'zipfian' },
  f: { ...nothing, title: '50 % reads, 50 % read-modify-writes', read: 50, modify: 50, chooser: 'zipfian' },
}

export const scanLengthMax = 100
