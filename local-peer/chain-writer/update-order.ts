import { z } from 'zod';
import type { Profile, UpdateKey } from '../../client/chain-writer/update.ts';

/** An order to write a twin: the values, the node and the key. */
export interface UpdateOrder {
  readonly url: string;
  readonly key: UpdateKey;
  readonly profile: Profile;
}

const bytes = z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));
const order = z.object({
  url: z.string(),
  key: z.object({ seed: bytes, keyType: z.enum(['sr25519', 'ed25519']) }),
  profile: z.object({ relay: z.string(), pk: bytes }),
});

/** Returns an order as text, for the process that executes it. Contains the secret. */
export function writeOrder({ url, key, profile }: UpdateOrder): string {
  const base64 = (each: Uint8Array) => Buffer.from(each).toString('base64');
  const { relay, pk } = profile;
  return JSON.stringify({
    url,
    key: { ...key, seed: base64(key.seed) },
    profile: { relay, pk: base64(pk) },
  });
}

/** Exit code after a refusal in a block; 1 means that it reached no block. The reason is on stdout. */
export const REFUSED_IN_BLOCK = 10;

/** Reads an order. @throws when the text is no order */
export function readOrder(text: string): UpdateOrder {
  return order.parse(JSON.parse(text));
}
