import { type Identity, identityOf } from '../../../proto/identity.ts';
import { mintToken } from '../../../proto/token/token.ts';
import type { TwinEntry } from '../../dev-chain/ledger/twin-entry.ts';

/** First id of the benchmark's twins; all ids are two bytes on the wire, so that all frames of a work are alike. */
export const FIRST_TWIN = 1001;
/** As many twins as the idle row and the longest axis need. */
export const TWINS = 2000;
const TOKEN_LIFE_S = 3600;

const known = new Map<number, Promise<Identity>>();

/** Resolves with the identity of a benchmark twin, whose seed is its id. It is public, so useless elsewhere. */
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

/** Resolves with twin entries for a chain; the last `elsewhere` twins have another relay. */
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

/** Resolves with a token for a session. @param sid absent: the session without a sid. @param cap capabilities that the client offers */
export async function benchToken(twin: number, sid?: string, cap?: readonly string[]): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return mintToken(
    { twin, now, ttl: TOKEN_LIFE_S, ...(sid === undefined ? {} : { sid }), ...(cap && { cap }) },
    await benchIdentity(twin),
  );
}
