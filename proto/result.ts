/** A value, or why there is no value. The caller must check `ok` before it can use the value. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** Returns a success. */
export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** Returns a failure. */
export function err<E>(error: E): { ok: false; error: E } {
  return { ok: false, error };
}
