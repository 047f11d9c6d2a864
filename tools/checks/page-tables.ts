/** Tables of a page that a command computes, each between two marks of the page. */

/**
 * Returns the page with its tables replaced. Throws when a mark is missing.
 * @param name of the page, for the error
 * @param command that writes the tables, as the marks name it
 * @param tables by the name in their marks
 */
export function withTables(
  page: string,
  name: string,
  command: string,
  tables: Readonly<Record<string, string>>,
): string {
  return Object.entries(tables).reduce((text, [table, rows]) => {
    const [begin, end] = [`<!-- ${table}: ${command} -->`, `<!-- end of ${table} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${name}: missing the marks ${begin} and ${end}`);
    return `${text.slice(0, from + begin.length)}\n\n${rows}\n\n${text.slice(to)}`;
  }, page);
}

/** Returns a Markdown table with columns of even width. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
