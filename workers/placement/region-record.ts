import { isRegion, type Region } from '../../durable-objects/placement/region.ts';

/** The format of a value. A value of another format counts as absent: the next connection writes it again. */
const VERSION = 1;

/**
 * Returns the KV key of a twin's region. It is not part of the twin's record, because a record belongs to a generation of
 * the cache, and is written again with each change on chain.
 */
export function regionKey(twin: number): string {
  return `region:${twin}`;
}

/** Encodes a region as its KV value. */
export function encodeRegion(region: Region): string {
  return JSON.stringify({ version: VERSION, region });
}

/** Decodes a KV value; undefined if `encodeRegion` of this format did not write it. */
export function decodeRegion(text: string): Region | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { version, region }: { [name: string]: unknown } = { ...value };
    return version === VERSION && isRegion(region) ? region : undefined;
  } catch {
    return undefined; // Not JSON: as absent as any other invalid value.
  }
}
