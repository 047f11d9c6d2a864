/** What nodes answer about blocks, read at the border: undefined is nonsense. */

const HASH = /^0x[0-9a-f]{64}$/;
/** Beyond it numbers are no longer exact, and no chain is. */
const NUMBER = /^0x[0-9a-f]{1,12}$/;

/** The part of a block's header that is looked at. */
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

/** `chain_getHeader`. */
export function headerOf(result: unknown): Header | undefined {
  const { number, parentHash } = fieldsOf(result);
  if (typeof number !== 'string' || !NUMBER.test(number) || !isHash(parentHash)) return undefined;
  return { number: Number(number), parentHash };
}

/** `chain_getBlockHash` of a list of `count` numbers; null is a block that the node does not have. */
export function hashesOf(result: unknown, count: number): (string | null)[] | undefined {
  if (!Array.isArray(result) || result.length !== count) return undefined;
  const hashes = result.filter((hash) => hash === null || isHash(hash));
  return hashes.length === count ? hashes : undefined;
}

/** `state_getRuntimeVersion`: its spec version. */
export function specVersionOf(result: unknown): number | undefined {
  const { specVersion } = fieldsOf(result);
  return typeof specVersion === 'number' && Number.isInteger(specVersion) && specVersion >= 0 ? specVersion : undefined;
}
