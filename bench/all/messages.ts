import type { RunSettings } from '../ycsb/settings.js'

/** What a process of its own is to do: a whole run, or one of the two halves of a recovery. */
export interface ProcessTask {
  readonly kind: 'load' | 'tpcc' | 'fill' | 'recover'
  readonly settings: RunSettings
}

/** What it says meanwhile and in the end. */
export type ProcessMessage =
  | { readonly kind: 'progress'; readonly text: string }
  /** All is loaded: now kill it. */
  | { readonly kind: 'filled' }
  | { readonly kind: 'result'; readonly result: object | undefined }
  | { readonly kind: 'failure'; readonly reason: string }
