/** The part of a Durable Object's SQLite that the stores use; node:sqlite gives the same to unit tests. */
export type SqlValue = ArrayBuffer | string | number | null;

export type SqlRow = Record<string, SqlValue>;

export interface Sql {
  exec(query: string, ...bindings: SqlValue[]): Iterable<SqlRow>;
}

/** A column that the schema says is a number. */
export function numberOf(row: SqlRow | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new TypeError(`column ${column} holds ${typeof value}, not a number`);
  return value;
}

/** A column that the schema says is text. */
export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`column ${column} holds ${typeof value}, not text`);
  return value;
}

/** A column that the schema says is a blob. */
export function bytesOf(row: SqlRow, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof ArrayBuffer)) throw new TypeError(`column ${column} holds ${typeof value}, not bytes`);
  return new Uint8Array(value);
}

/** The first row of an answer. */
export function first(rows: Iterable<SqlRow>): SqlRow | undefined {
  for (const row of rows) return row;
  return undefined;
}
