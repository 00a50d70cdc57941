export interface Column {
  readonly title: string
  /** How wide the column is at least; a line is printed before the next one's cells are known. */
  readonly width: number
}

/** One line of a table of right-aligned columns, two spaces apart. */
export function tableLine(columns: readonly Column[], cells: readonly string[]): string {
  return columns
    .map(({ title, width }, index) => (cells[index] ?? '').padStart(Math.max(title.length, width)))
    .join('  ')
}

export function headLine(columns: readonly Column[]): string {
  return tableLine(
    columns,
    columns.map(({ title }) => title),
  )
}
