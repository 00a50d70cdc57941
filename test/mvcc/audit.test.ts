import { expect, test } from 'vitest'
import { collectAll, makeEngines, Session } from '../kit/engineKit.js'
import { audit, expectSound } from '../kit/engineAudit.js'

test('smoke', () => {
  const [a, b] = makeEngines(2)
  const s = new Session(a!), t = new Session(b!)
  expectSound(a!)
  for (let i = 0; i < 1000; i++) s.run((tx) => { s.put(tx, `key${i}`, `value${i}`) })
  expectSound(a!)
  for (let i = 0; i < 1000; i += 2) t.run((tx) => { t.put(tx, `key${i}`, `value${i}`.repeat(10)) })
  expectSound(a!)
  for (let i = 0; i < 1000; i += 1) t.run((tx) => { t.delete(tx, `key${i}`) }, i%2? 'optimistic': 'locking')
  expectSound(a!)
  collectAll([a!, b!])
  console.log(audit(a!), a!.usedBytes)
  expectSound(a!)
})
