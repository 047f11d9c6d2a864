// Answers of nodes about blocks, checked. Undefined: the answer is invalid.

const HASH = /^0x[0-9a-f]{64}$/;
/** Longer numbers are not exact, and no chain is that long. */
const NUMBER = /^0x[0-9a-f]{1,12}$/;

/** The used part of a block's header. */
export interface Header {
  readonly number: number;
  readonly parentHash: string;
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && HASH.test(value);
}

function fieldsOf(value: unknown): { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Returns the result of `chain_getHeader`. */
export function headerOf(result: unknown): Header | undefined {
  const { number, parentHash } = fieldsOf(result);
  if (typeof number !== 'string' || !NUMBER.test(number) || !isHash(parentHash)) return undefined;
  return { number: Number(number), parentHash };
}

/** Returns the result of `chain_getBlockHash` for `count` numbers. Null: the node does not have that block. */
export function hashesOf(result: unknown, count: number): (string | null)[] | undefined {
  if (!Array.isArray(result) || result.length !== count) return undefined;
  const hashes = result.filter((hash) => hash === null || isHash(hash));
  return hashes.length === count ? hashes : undefined;
}

/** Returns the spec version in the result of `state_getRuntimeVersion`. */
export function specVersionOf(result: unknown): number | undefined {
  const { specVersion } = fieldsOf(result);
  return typeof specVersion === 'number' && Number.isInteger(specVersion) && specVersion >= 0 ? specVersion : undefined;
}
