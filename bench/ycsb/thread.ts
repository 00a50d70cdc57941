import { WrongResultError } from '../driver/errors.js'
import type { Random } from '../generators/random.js'
import { targetNamed } from '../targets/registry.js'
import type { Session, Traits, ValueKind, ValueKinds } from '../targets/target.js'
import { WorkDigest } from '../driver/digest.js'
import type { InsertSequence } from './inserts.js'
import { type KeyForm, keyForms } from './keys.js'
import type { RunSettings } from './settings.js'
import { type ValueForm, valueForms } from './values.js'

/** What the transactions of one thread are made from. */
export interface ThreadContext<V> {
  readonly session: Session<V>
  readonly settings: RunSettings
  readonly random: Random
  readonly keys: KeyForm
  readonly form: ValueForm<V>
  readonly inserts: InsertSequence
  readonly digest: WorkDigest
  readonly durability: Traits['durability']
}

export interface ThreadContextParts<K extends ValueKind> {
  readonly session: Session<ValueKinds[K]>
  readonly settings: RunSettings & { readonly value: K }
  readonly random: Random
  readonly inserts: InsertSequence
}

export function threadContext<K extends ValueKind>(
  parts: ThreadContextParts<K>,
): ThreadContext<ValueKinds[K]> {
  const { value, keys, target } = parts.settings
  const { durability } = targetNamed(target).traits
  return { ...parts, keys: keyForms[keys], form: valueForms[value], digest: new WorkDigest(), durability }
}

export function missingRecord(number: number): WrongResultError {
  return new WrongResultError(`record ${number} was committed before, but a read of it found nothing`)
}
