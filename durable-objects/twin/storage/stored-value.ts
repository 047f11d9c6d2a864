import type { z } from 'zod';

/** One value that outlives its object. */
export interface StoredValue<T> {
  /** Returns the value; undefined if none is stored. */
  read(): T | undefined;
  /** Stores a value; undefined removes it. Costs a row. */
  write(value: T | undefined): void;
}

/**
 * Returns the value of a key in an object's storage. A value of another shape counts as absent.
 * @param key ends in the number of the format. A new format has a new key, so that code of before still finds its own
 */
export function storedValue<T>(
  kv: { get(key: string): unknown; put<V>(key: string, value: V): void; delete(key: string): unknown },
  key: string,
  schema: z.ZodType<T>,
): StoredValue<T> {
  return {
    read: () => schema.safeParse(kv.get(key)).data,
    write: (value) => {
      if (value === undefined) kv.delete(key);
      else kv.put(key, value);
    },
  };
}
