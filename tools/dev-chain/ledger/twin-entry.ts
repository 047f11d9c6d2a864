import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { toHex } from '../metadata/scale.ts';
import { DEV_TWINS, devIdentity } from './dev-twins.ts';
import type { LedgerTwin } from './ledger.ts';

const hex = z.templateLiteral(['0x', z.string().regex(/^([0-9a-f]{2})*$/)]);

const schema = z.object({
  id: z.number().int().min(1).max(0xffff_ffff),
  account: hex.refine((text) => text.length === 66, 'must be 32 bytes in hex, with 0x'),
  relay: z.string().nullable(),
  pk: hex.refine((text) => text.length === 68, 'must be 33 bytes in hex, with 0x').nullable(),
});

/** A twin of the first state; account and pk in hex with 0x. */
export type TwinEntry = z.infer<typeof schema>;

const file = z.array(schema).superRefine((entries, context) => {
  for (const name of ['id', 'account'] as const) {
    const seen = new Set<unknown>();
    entries.forEach((entry, place) => {
      if (seen.has(entry[name])) context.addIssue({ code: 'custom', path: [place, name], message: 'is there twice' });
      seen.add(entry[name]);
    });
  }
});

/** Reads `--twins FILE`. Throws naming the file and the invalid entry. */
export async function readTwinFile(path: string): Promise<TwinEntry[]> {
  const parsed = file.safeParse(jsonOf(path, await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error([path, issue?.path.join('.'), issue?.message].filter(Boolean).join(': '));
}

function jsonOf(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path}: no JSON`, { cause });
  }
}

/** Returns an entry in the form of the ledger. */
export function toLedgerTwin({ id, account, relay, pk }: TwinEntry): LedgerTwin {
  return {
    id,
    account,
    relay: relay === null ? null : new TextEncoder().encode(relay),
    pk: pk === null ? null : Buffer.from(pk.slice(2), 'hex'),
    entities: [],
  };
}

/** Resolves with the development twins as entries. */
export async function devEntries(): Promise<TwinEntry[]> {
  return Promise.all(
    DEV_TWINS.map(async (twin) => {
      const identity = await devIdentity(twin);
      const pk = twin.pk ? toHex(identity.e2ePublicKey) : null;
      return { id: twin.id, account: toHex(identity.account), relay: twin.relay, pk };
    }),
  );
}
