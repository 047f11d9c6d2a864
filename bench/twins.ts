import type { TwinEntry } from '../dev-chain/twin-entry.ts';
import { type Identity, identityOf } from '../proto/identity.ts';
import { mintToken } from '../proto/token.ts';

/** The bench's twins have ids from here on: all two bytes long on the wire, so that all frames of a work are alike. */
export const FIRST_TWIN = 1001;
/** As many as the idle row has, and the longest growth. */
export const TWINS = 2000;
const TOKEN_LIFE_S = 3600;

const known = new Map<number, Promise<Identity>>();

/** The identity of a twin of the bench: its seed is its id. Public: of no use anywhere else. */
export function benchIdentity(twin: number): Promise<Identity> {
  let identity = known.get(twin);
  if (identity === undefined) {
    identity = readIdentity(twin);
    known.set(twin, identity);
  }
  return identity;
}

async function readIdentity(twin: number): Promise<Identity> {
  const identity = await identityOf(`0x${twin.toString(16).padStart(64, '0')}`, 'ed25519');
  if (!identity.ok) throw new Error(`twin ${twin}: ${identity.error.detail}`);
  return identity.value;
}

/** Twin entries for a chain: the first of `elsewhere` twins from the end live on another relay. */
export async function benchEntries(elsewhere = 0) {
  return Promise.all(
    Array.from(
      { length: TWINS },
      async (_, index): Promise<TwinEntry> => ({
        id: FIRST_TWIN + index,
        account: `0x${Buffer.from((await benchIdentity(FIRST_TWIN + index)).account).toString('hex')}`,
        relay: index < TWINS - elsewhere ? 'localhost' : 'elsewhere.example',
        pk: null,
      }),
    ),
  );
}

/** A token that connects a session. @param sid absent: the session without a name */
export async function benchToken(twin: number, sid?: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return mintToken({ twin, now, ttl: TOKEN_LIFE_S, ...(sid === undefined ? {} : { sid }) }, await benchIdentity(twin));
}
