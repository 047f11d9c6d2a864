import { readFileSync } from 'node:fs';
import { z } from 'zod';

const twin = z.object({
  id: z.number(),
  account: z.string(),
  relay: z.string().nullable(),
  pk: z.string().nullable(),
  entities: z.array(z.object({ entityId: z.number(), signature: z.string() })),
});

/** A twin as the vectors have it. */
export type VectorTwin = z.infer<typeof twin>;

/** test/vectors/chain.json, made with the live network's metadata; bytes are hex, keys and SCALE with 0x before them. */
export const chainVectors = z
  .object({
    storageKeys: z.object({
      twins: z.array(z.object({ id: z.number(), key: z.string() })).min(5),
      twinIdByAccountID: z.array(z.object({ account: z.string(), key: z.string() })).min(1),
      systemEvents: z.string(),
    }),
    twins: z.array(z.object({ twin, scale: z.string() })).min(5),
    calls: z.record(z.string(), z.tuple([z.number(), z.number()])),
  })
  .parse(JSON.parse(readFileSync(new URL('../../vectors/chain.json', import.meta.url), 'utf8')));
