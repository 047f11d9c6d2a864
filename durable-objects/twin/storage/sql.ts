/** A value in a Durable Object's SQLite. */
export type SqlValue = ArrayBuffer | string | number | null;

export type SqlRow = Record<string, SqlValue>;

/** The part of a Durable Object's SQLite that the stores use. Unit tests implement it with node:sqlite. */
export interface Sql {
  exec(query: string, ...bindings: SqlValue[]): Iterable<SqlRow>;
}

/** Returns the number in a column. @throws TypeError when it holds another type */
export function numberOf(row: SqlRow | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new TypeError(`column ${column} holds ${typeof value}, not a number`);
  return value;
}

/** Returns the text in a column. @throws TypeError when it holds another type */
export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`column ${column} holds ${typeof value}, not text`);
  return value;
}

/** Returns the bytes in a column. @throws TypeError when it holds another type */
export function bytesOf(row: SqlRow, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof ArrayBuffer)) throw new TypeError(`column ${column} holds ${typeof value}, not bytes`);
  return new Uint8Array(value);
}

/** Returns the first row of a result; undefined if it is empty. */
export function first(rows: Iterable<SqlRow>): SqlRow | undefined {
  for (const row of rows) return row;
  return undefined;
}
