import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Twin } from '../../proto/twin.ts';

/** The KV key of the current generation's name; absent: ''. A new value makes all records stale. */
export const GENERATION_KEY = 'generation';

/** A twin as read from the chain. */
export interface TwinRecord {
  readonly twin: Twin;
  /** When it was read, Unix ms. */
  readonly readAt: number;
  /** The generation in which it was read. An old one still serves while the chain is out of reach. */
  readonly generation: string;
}

/** Returns the KV key of a twin's record. */
export function twinKey(id: number): string {
  return `twin:${id}`;
}

/** Encodes a record as its KV value: JSON, bytes in hex. */
export function encodeRecord({ twin, readAt, generation }: TwinRecord): string {
  const pk = twin.pk === null ? null : bytesToHex(twin.pk);
  return JSON.stringify({ id: twin.id, account: bytesToHex(twin.account), relay: twin.relay, pk, readAt, generation });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: a cache miss, like any other invalid value.
  }
}

function isHex(value: unknown): value is string {
  return typeof value === 'string' && /^(?:[0-9a-f]{2})*$/.test(value);
}

/** Decodes the KV value of twin `id`; undefined if `encodeRecord` did not write it for that twin. */
export function decodeRecord(id: number, text: string): TwinRecord | undefined {
  const value = parse(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const fields: { [name: string]: unknown } = { ...value };
  const { id: found, account, relay, pk, readAt, generation } = fields;
  if (found !== id || !isHex(account) || account.length !== 64) return undefined;
  if (relay !== null && typeof relay !== 'string') return undefined;
  if (pk !== null && !isHex(pk)) return undefined;
  if (typeof readAt !== 'number' || typeof generation !== 'string') return undefined;
  const twin = { id, account: hexToBytes(account), relay, pk: pk === null ? null : hexToBytes(pk) };
  return { twin, readAt, generation };
}
