import { WrongResultError } from '../driver/errors.js'
import { type Chooser, LatestChooser, ScrambledChooser, UniformChooser } from '../generators/choosers.js'
import { type CoreWorkload, type Mix, mixes, scanLengthMax } from './mixes.js'
import { missingRecord, type ThreadContext } from './thread.js'

/** One operation of a YCSB core workload as a function that chooses a record and runs a transaction on it. */
type Step = () => void

/** The hot loop's function for one thread: each operation is a transaction of its own, as in YCSB. */
export function coreTransactions<V>(context: ThreadContext<V>, workload: CoreWorkload): () => void {
  const { random, digest } = context
  const mix = mixes[workload]
  const chooser = chooserOf(context, mix)
  const read = readStep(context, chooser)
  const update = updateStep(context, chooser)
  const modify = modifyStep(context, chooser)
  const insert = insertStep(context)
  const scan = scanStep(context, chooser)
  const readBelow = mix.read
  const updateBelow = readBelow + mix.update
  const modifyBelow = updateBelow + mix.modify
  const insertBelow = modifyBelow + mix.insert
  return () => {
    const draw = random.below(100)
    if (draw < readBelow) read()
    else if (draw < updateBelow) update()
    else if (draw < modifyBelow) modify()
    else if (draw < insertBelow) insert()
    else scan()
    digest.keep()
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
  const run = session.readOnly((operations) => {
    digest.begin()
    const value = operations.get(keys.keyOf(number))
    if (value === undefined) throw missingRecord(number)
    digest.add(readsOne ? form.digestOne(value, random) : form.digest(value))
  })
  return () => {
    number = chooser.next()
    run()
  }
}

/** A value without fields is overwritten blindly; to change one field of a record takes reading it first. */
function updateStep<V>(context: ThreadContext<V>, chooser: Chooser): Step {
  const { session, settings, keys, form, random, digest } = context
  if (settings.value === 'fields') return modifyStep(context, chooser)
  let number = 0
  const run = session.readWrite((operations) => {
    digest.begin()
    const value = form.make(random)
    digest.add(form.digest(value))
    operations.put(keys.keyOf(number), value)
  })
  return () => {
    number = chooser.next()
    run()
  }
}

function modifyStep<V>({ session, keys, form, random, digest }: ThreadContext<V>, chooser: Chooser): Step {
  let number = 0
  const run = session.readWrite((operations) => {
    digest.begin()
    const key = keys.keyOf(number)
    const value = operations.get(key)
    if (value === undefined) throw missingRecord(number)
    digest.add(form.digest(value))
    const changed = form.change(value, random)
    digest.add(form.digest(changed))
    operations.put(key, changed)
  })
  return () => {
    number = chooser.next()
    run()
  }
}

function insertStep<V>({ session, keys, form, random, inserts, digest }: ThreadContext<V>): Step {
  let number = 0
  const run = session.readWrite((operations) => {
    digest.begin()
    const value = form.make(random)
    digest.add(form.digest(value))
    operations.insert(keys.keyOf(number), value)
  })
  return () => {
    number = inserts.claim()
    run()
    inserts.acknowledge()
  }
}

function scanStep<V>({ session, keys, form, random, digest }: ThreadContext<V>, chooser: Chooser): Step {
  let number = 0
  let length = 0
  const run = session.readOnly((operations) => {
    digest.begin()
    let found = 0
    for (const value of operations.values(keys.keyOf(number), length)) {
      digest.add(form.digest(value))
      found += 1
    }
    if (found === 0 || found > length)
      throw new WrongResultError(`a scan from record ${number} found ${found} of ${length}`)
  })
  return () => {
    number = chooser.next()
    length = 1 + random.below(scanLengthMax)
    run()
  }
}
