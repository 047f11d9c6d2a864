import { readFile } from 'node:fs/promises';
import type { Citation } from './citation.ts';

/** A row of one of the page's tables, and the tests that it cites. */
export interface PageRow {
  readonly line: number;
  readonly text: string;
  readonly tests: readonly Citation[];
}

const HEAD = '| attack | protection | test | remaining risk |';
const CITATION = /`([^`]+)` “([^”]+)”/g;

/** Reads the rows of docs/security.md below each head of a table with tests. */
export async function pageRows(path: string): Promise<PageRow[]> {
  const rows: PageRow[] = [];
  let isInside = false;
  for (const [index, text] of (await readFile(path, 'utf8')).split('\n').entries()) {
    const squeezed = text.replaceAll(/ +/g, ' ');
    if (squeezed === HEAD) isInside = true;
    else if (!text.startsWith('|')) isInside = false;
    else if (isInside && !/^\| -/.test(squeezed)) rows.push({ line: index + 1, text, tests: citationsIn(text) });
  }
  return rows;
}

function citationsIn(row: string): Citation[] {
  // Other cells may quote too, for example an error text.
  const cell = row.split(' | ')[2] ?? '';
  return [...cell.matchAll(CITATION)].map(([, file = '', title = '']) => ({ file, title }));
}
