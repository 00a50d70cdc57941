/** The number a token of EDN stands for, exact for whole numbers of any size; `undefined` if it is none. */
export function numberOf(text: string): number | bigint | undefined {
  if (/^[-+]?(0|[1-9]\d*)N?$/.test(text)) {
    const whole = BigInt(text.replace(/^\+|N$/g, ''))
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole
  }
  if (/^[-+]?\d+(\.\d*)?([eE][-+]?\d+)?M?$/.test(text) && !/^[-+]?0\d/.test(text)) {
    return Number(text.replace(/M$/, ''))
  }
  return undefined
}

/** The text of a string with its escapes resolved; `undefined` when one is unknown. */
export function escapesOf(raw: string): string | undefined {
  let isKnown = true
  const text = raw.replace(/\\(u[0-9a-fA-F]{4}|[\s\S])/g, (_, name: string) => {
    if (name.length === 5) return String.fromCharCode(Number.parseInt(name.slice(1), 16))
    const escaped = escapes.get(name)
    if (escaped === undefined) isKnown = false
    return escaped ?? ''
  })
  return isKnown ? text : undefined
}

const escapes = new Map([
  ['t', '\t'],
  ['r', '\r'],
  ['n', '\n'],
  ['b', '\b'],
  ['f', '\f'],
  ['\\', '\\'],
  ['"', '"'],
])
