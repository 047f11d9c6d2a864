import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import type { Twin } from '../../proto/twin.ts';

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));

const schema = z.object({
  id: z.number().int().nonnegative(),
  account: hex(32),
  relay: z.string().nullable(),
  pk: z
    .string()
    .regex(/^([0-9a-f]{2})*$/)
    .nullable(),
  readAt: z.number(),
});

/** A twin in KV, with the time (Unix ms) at which the chain said so. */
export interface KvRecord {
  readonly twin: Twin;
  readonly readAt: number;
}

/** The KV key of a twin. */
export function kvKey(id: number): string {
  return `twin/${id}`;
}

/** The KV value of a record: JSON, bytes in hex. */
export function writeRecord({ twin, readAt }: KvRecord): string {
  const { id, account, relay, pk } = twin;
  return JSON.stringify({ id, account: bytesToHex(account), relay, pk: pk === null ? null : bytesToHex(pk), readAt });
}

/** Reads a KV value; undefined when it is none of ours, or another twin's. */
export function readRecord(id: number, value: unknown): KvRecord | undefined {
  const parsed = schema.safeParse(value);
  if (!parsed.success || parsed.data.id !== id) return undefined;
  const { account, relay, pk, readAt } = parsed.data;
  return { twin: { id, account: hexToBytes(account), relay, pk: pk === null ? null : hexToBytes(pk) }, readAt };
}
