/** A cited test: its file from the repository's root, and its title or its group's, as in the file. */
export interface Citation {
  readonly file: string;
  readonly title: string;
}

/** The file of a citation of a conformance case, `theme/name`. */
export const CONFORMANCE = 'conformance';

/** Returns a pattern for the full names of the tests with this title; a value of `it.each` matches anything. */
export function titlePattern(title: string): RegExp {
  const parts = title.split(/%[sdifjoO#]|\$[A-Za-z]\w*/);
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(^|\\s)${escaped.join('.*')}($|\\s)`);
}
