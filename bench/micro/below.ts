/**
 * The modules that 'tidemark' is made of: beside the compiled benchmarks, elsewhere in the sources, so a type
 * comes from one place and the value from the other.
 */
export function below<T>(path: string): Promise<T> {
  return import(new URL(`../../${path}.js`, import.meta.url).href) as Promise<T>
}
