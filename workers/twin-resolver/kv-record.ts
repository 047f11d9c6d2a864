import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Twin } from '../../proto/twin.ts';

/** The KV key whose value names the generation in force (absent: the empty one). Changing it makes all records old. */
export const GENERATION_KEY = 'generation';

/** A twin as it was read from the chain once. */
export interface TwinRecord {
  readonly twin: Twin;
  /** Unix ms of the reading. */
  readonly readAt: number;
  /** The generation in force at the reading. An old one still serves while the chain is out of reach. */
  readonly generation: string;
}

/** The KV key of a twin's record. */
export function twinKey(id: number): string {
  return `twin:${id}`;
}

/** The KV value: JSON, bytes in hex. */
export function encodeRecord({ twin, readAt, generation }: TwinRecord): string {
  const pk = twin.pk === null ? null : bytesToHex(twin.pk);
  return JSON.stringify({ id: twin.id, account: bytesToHex(twin.account), relay: twin.relay, pk, readAt, generation });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: a miss like any other strange value
  }
}

function isHex(value: unknown): value is string {
  return typeof value === 'string' && /^(?:[0-9a-f]{2})*$/.test(value);
}

/** Reads the KV value of twin `id`; undefined where it is anything else than `encodeRecord` writes for that twin. */
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
