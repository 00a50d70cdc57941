// Adds to package-lock.json the optional packages for other platforms that npm leaves out of it when the
// registry does not serve them. Without them `npm ci` calls the lock file out of sync. Run it after
// `npm install` has changed the file.
import { readFileSync, writeFileSync } from 'node:fs'

const file = 'package-lock.json'
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64']
/** @type {{ packages: Record<string, { dev?: boolean, optionalDependencies?: Record<string, string> }> }} */
const lock = JSON.parse(readFileSync(file, 'utf8'))

let added = 0
for (const { dev, optionalDependencies } of Object.values({ ...lock.packages })) {
  for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
    if (lock.packages[`node_modules/${name}`] !== undefined) continue
    lock.packages[`node_modules/${name}`] = entryOf(name, version, dev)
    added += 1
  }
}
const [root = '', ...others] = Object.keys(lock.packages)
const paths = [root, ...others.toSorted((a, b) => a.localeCompare(b, 'en'))]
const packages = Object.fromEntries(paths.map((path) => [path, lock.packages[path]]))
writeFileSync(file, `${JSON.stringify({ ...lock, packages }, undefined, 2)}\n`)
console.log(`${added} packages added to ${file}`)

/**
 * These packages say in their names what they are for, as in `@scope/binding-linux-arm64-musl`.
 *
 * @param {string} name
 * @param {string} version
 * @param {boolean | undefined} dev
 */
function entryOf(name, version, dev) {
  const words = name.split(/[/-]/)
  const os = systems.filter((system) => words.includes(system))
  const cpu = processors.filter((processor) => words.includes(processor))
  if (os.length !== 1 || cpu.length !== 1)
    throw new Error(`${name}@${version} names no platform; add it by hand`)
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : undefined
  return { version, cpu, ...(dev && { dev }), ...(libc && { libc }), optional: true, os }
}
