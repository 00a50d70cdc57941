import { readFileSync } from 'node:fs'

/** The scripts that run in a browser. They are compiled by a project of their own, which knows the DOM. */
const entries: Readonly<Record<PageScript, URL>> = {
  verdict: new URL('./page/verdict.js', import.meta.url),
  bench: new URL('./page/bench.js', import.meta.url),
}

export type PageScript = 'verdict' | 'bench'

/**
 * A script and all that it imports as one text. The compiler has made CommonJS of each module, that is, the
 * body of a function that is given what it exports to and how to import; a table of these joins them.
 */
export function pageScript(name: PageScript): string {
  const entry = entries[name]
  const modules = new Map<string, string>()
  addModule(entry, modules)
  const table = [...modules].map(([path, code]) => `${JSON.stringify(path)}(exports, require) {\n${code}\n}`)
  return `'use strict';
(() => {
const modules = {\n${table.join(',\n')}\n};
const loaded = {};
const require = (path) => {
  if (!(path in loaded)) modules[path](loaded[path] = {}, require);
  return loaded[path];
};
require(${JSON.stringify(pathOf(entry))});
})();`
}

const requirePattern = /\brequire\("(\.\/[\w-]+\.js)"\)/g

/** All modules are in one folder, so the path by which one imports another is the name of the other. */
function addModule(url: URL, modules: Map<string, string>): void {
  if (modules.has(pathOf(url))) return
  const code = readFileSync(url, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '')
  modules.set(pathOf(url), code)
  for (const [, path] of code.matchAll(requirePattern)) addModule(new URL(path!, url), modules)
}

function pathOf(url: URL): string {
  return `./${url.pathname.slice(url.pathname.lastIndexOf('/') + 1)}`
}
