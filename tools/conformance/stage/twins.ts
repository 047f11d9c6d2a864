import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Identity, identityOf, type KeyType } from '../../../proto/identity.ts';
import { DEV_TWINS } from '../../dev-chain/ledger/dev-twins.ts';

/** A twin whose secret the suite has, so that it can act as that twin. */
export interface TwinKey {
  readonly id: number;
  /** Words, or a 0x seed. */
  readonly secret: string;
  readonly keyType: KeyType;
}

/** The roles of twins; a role decides which relay its twin has on chain. */
export const ROLES = ['caller', 'callee', 'homeless', 'abroad', 'twofold', 'federated'] as const;
export type Role = (typeof ROLES)[number];

/** A twin in its role, with its keys. */
export interface Player extends TwinKey {
  readonly identity: Identity;
}

export type Cast = Readonly<Record<Role, Player>>;

const file = z.array(
  z.object({
    id: z.number().int().min(1).max(0xffff_ffff),
    secret: z.string(),
    keyType: z.enum(['sr25519', 'ed25519']).default('sr25519'),
  }),
);

/** Resolves with the dev chain's twins, or those of a file `[{ id, secret, keyType }]`. Rejects naming its fault. */
export async function readTwins(path?: string): Promise<readonly TwinKey[]> {
  if (path === undefined) return DEV_TWINS;
  const text = await readFile(path, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message would quote the file, which contains secrets.
    throw new Error(`${path}: no JSON`);
  }
  const parsed = file.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error([path, issue?.path.join('.'), issue?.message].filter(Boolean).join(': '));
}

/** Gives each role a twin, in the order of the list. Throws when there are fewer than six, or a secret is invalid. */
export async function castOf(twins: readonly TwinKey[]): Promise<Cast> {
  const players = await Promise.all(twins.slice(0, 6).map(playerOf));
  const [caller, callee, homeless, abroad, twofold, federated] = players;
  if (!caller || !callee || !homeless || !abroad || !twofold || !federated) {
    throw new Error(`expected six twins, found ${twins.length}`);
  }
  return { caller, callee, homeless, abroad, twofold, federated };
}

async function playerOf(twin: TwinKey): Promise<Player> {
  const identity = await identityOf(twin.secret, twin.keyType);
  if (!identity.ok) throw new Error(`the secret of twin ${twin.id}: ${identity.error.detail}`);
  return { ...twin, identity: identity.value };
}

/** The names of the run's relays. */
export interface Domains {
  /** The relay under test. */
  readonly relay: string;
  /** The suite's own misbehaving relays. */
  readonly fakes: readonly [string, string];
  /** A second, real relay. */
  readonly other?: string | undefined;
}

/** Returns the relay on chain for each role. */
export function relayStrings({ relay, fakes, other }: Domains): Readonly<Record<Role, string | null>> {
  return {
    caller: relay,
    // The relay under test among others: the twin is as much at home here as with one name.
    callee: `relay.invalid_${relay}`,
    homeless: null,
    abroad: fakes[0],
    twofold: fakes.join('_'),
    federated: other ?? relay,
  };
}
