/** An expected refusal is a value: the caller must look at it before it can reach what it asked for. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** A success that carries `value`. */
export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** A refusal that carries its reason. */
export function err<E>(error: E): { ok: false; error: E } {
  return { ok: false, error };
}
