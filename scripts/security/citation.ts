/** A test that the page names: its file from the repository's root, and its title, or its group's, as in the file. */
export interface Citation {
  readonly file: string;
  readonly title: string;
}

/** Where the page cites a case of conformance, as `theme/name`. */
export const CONFORMANCE = 'conformance';

/** Returns what matches the full name of the tests with this title; the values of `it.each` stand for anything. */
export function titlePattern(title: string): RegExp {
  const parts = title.split(/%[sdifjoO#]|\$[A-Za-z]\w*/);
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(^|\\s)${escaped.join('.*')}($|\\s)`);
}
