import { WrongResultError } from '../driver/errors.js'
import { type Chooser, LatestChooser, ScrambledChooser, UniformChooser } from '../generators/choosers.js'
import type { Committing } from '../targets/target.js'
import { type CoreWorkload, type Mix, mixes, scanLengthMax } from './mixes.js'
import { performing, type Step } from './step.js'
import { missingRecord, type ThreadContext } from './thread.js'

/** The hot loop's function for one thread: each operation is a transaction of its own, as in YCSB. */
export function coreTransactions<V>(context: ThreadContext<V>, workload: CoreWorkload): () => Committing {
  const { random } = context
  const mix = mixes[workload]
  const chooser = chooserOf(context, mix)
  const read = performing(readStep(context, chooser))
  const update = performing(updateStep(context, chooser))
  const modify = performing(modifyStep(context, chooser))
  const insert = performing(insertStep(context))
  const scan = performing(scanStep(context, chooser))
  const readBelow = mix.read
  const updateBelow = readBelow + mix.update
  const modifyBelow = updateBelow + mix.modify
  const insertBelow = modifyBelow + mix.insert
  return () => {
    const draw = random.below(100)
    if (draw < readBelow) return read()
    if (draw < updateBelow) return update()
    if (draw < modifyBelow) return modify()
    if (draw < insertBelow) return insert()
    return scan()
  }
}

function chooserOf<V>({ settings, random, inserts }: ThreadContext<V>, mix: Mix): Chooser {
  const { skew, records } = settings
  if (skew === 'uniform') return new UniformChooser(random, records)
  if (mix.chooser === 'latest') return new LatestChooser(random, () => inserts.acknowledged(), skew)
  return new ScrambledChooser(random, records, skew)
}

function readStep<V>(
  { session, settings, keys, form, random, digest }: ThreadContext<V>,
  chooser: Chooser,
): Step {
  let number = 0
  const readsOne = settings.readFields === 'one'
  const run = session.readOnly(
    (operations) => {
      digest.begin()
      const value = operations.get(keys.keyOf(number))
      if (value === undefined) throw missingRecord(number)
      digest.add(readsOne ? form.digestOne(value, random) : form.digest(value))
    },
    { isSingle: true, reads: () => [keys.keyOf(number)] },
  )
  return { choose: () => (number = chooser.next()), run, keep: () => digest.keep() }
}

/** A value without fields is overwritten blindly; to change one field of a record takes reading it first. */
function updateStep<V>(context: ThreadContext<V>, chooser: Chooser): Step {
  const { session, settings, keys, form, random, digest } = context
  if (settings.value === 'fields') return modifyStep(context, chooser)
  let number = 0
  const run = session.readWrite(
    (operations) => {
      digest.begin()
      const value = form.make(random)
      digest.add(form.digest(value))
      operations.put(keys.keyOf(number), value)
    },
    { isSingle: true },
  )
  return { choose: () => (number = chooser.next()), run, keep: () => digest.keep() }
}

function modifyStep<V>({ session, keys, form, random, digest }: ThreadContext<V>, chooser: Chooser): Step {
  let number = 0
  const run = session.readWrite(
    (operations) => {
      digest.begin()
      const key = keys.keyOf(number)
      const value = operations.get(key)
      if (value === undefined) throw missingRecord(number)
      digest.add(form.digest(value))
      const changed = form.change(value, random)
      digest.add(form.digest(changed))
      operations.put(key, changed)
    },
    { isSingle: false, reads: () => [keys.keyOf(number)] },
  )
  return { choose: () => (number = chooser.next()), run, keep: () => digest.keep() }
}

function insertStep<V>({ session, keys, form, random, inserts, digest }: ThreadContext<V>): Step {
  let number = 0
  const run = session.readWrite(
    (operations) => {
      digest.begin()
      const value = form.make(random)
      digest.add(form.digest(value))
      operations.insert(keys.keyOf(number), value)
    },
    { isSingle: true },
  )
  const keep = (): void => {
    inserts.acknowledge()
    digest.keep()
  }
  return { choose: () => (number = inserts.claim()), run, keep }
}

function scanStep<V>({ session, keys, form, random, digest }: ThreadContext<V>, chooser: Chooser): Step {
  let number = 0
  let length = 0
  const run = session.readOnly(
    (operations) => {
      digest.begin()
      let found = 0
      for (const value of operations.values(keys.keyOf(number), length)) {
        digest.add(form.digest(value))
        found += 1
      }
      if (found === 0 || found > length)
        throw new WrongResultError(`a scan from record ${number} found ${found} of ${length}`)
    },
    { isSingle: false, range: () => ({ from: keys.keyOf(number), limit: length }) },
  )
  const choose = (): void => {
    number = chooser.next()
    length = 1 + random.below(scanLengthMax)
  }
  return { choose, run, keep: () => digest.keep() }
}
