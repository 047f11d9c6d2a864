import type { Identity } from '../../proto/identity.ts';
import { identityOf } from '../../proto/identity.ts';
import { mintToken } from '../../proto/token/token.ts';
import type { startDevChain } from '../dev-chain/dev-chain.ts';

type Entry = NonNullable<NonNullable<Parameters<typeof startDevChain>[0]>['twins']>[number];

/** Seconds that a token of a storm is valid: it is minted long before its twin arrives. */
const TOKEN_TTL = 3_600;

/** A twin of a storm, with the key type of most twins of the grid. */
export interface Member {
  readonly twin: number;
  readonly identity: Identity;
}

/** Returns twins 1 to `count`, each with an sr25519 key of its own. */
export async function makeFleet(count: number): Promise<readonly Member[]> {
  return await Promise.all(
    Array.from({ length: count }, async (_, place) => {
      const twin = place + 1;
      const identity = await identityOf(`0x${twin.toString(16).padStart(64, '0')}`, 'sr25519');
      if (!identity.ok) throw new Error(identity.error.detail);
      return { twin, identity: identity.value };
    }),
  );
}

/** Returns the entries of a chain for a fleet. */
export function entriesOf(fleet: readonly Member[], relay: string | null): Entry[] {
  return fleet.map(({ twin, identity }) => ({
    id: twin,
    account: `0x${Buffer.from(identity.account).toString('hex')}` as const,
    relay,
    pk: null,
  }));
}

/** Returns a token for each member, in order. */
export async function tokensOf(fleet: readonly Member[]): Promise<readonly string[]> {
  const now = Math.floor(Date.now() / 1000);
  return await Promise.all(fleet.map(({ twin, identity }) => mintToken({ twin, now, ttl: TOKEN_TTL }, identity)));
}
