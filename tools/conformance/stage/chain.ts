import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { z } from 'zod';
import { miniSecret } from '../../../proto/crypto/seed.ts';
import { type Cast, type Player, ROLES, type Role } from './twins.ts';

/** A chain may need three blocks until a block is final (ms). */
const ANSWER_MS = 60_000;

const hex = z.string().regex(/^0x([0-9a-f]{2})*$/);
const record = z.object({ relay: hex.nullable(), pk: hex.nullable() });

/**
 * Writes on chain which relay each twin has, signed by the twin itself; correct records stay unchanged. Resolves with
 * the changed twins. Rejects when the chain does not answer, is no tfchain, or refuses the update.
 */
export async function settleTwins(
  url: string,
  cast: Cast,
  relays: Readonly<Record<Role, string | null>>,
): Promise<readonly number[]> {
  const api = new ApiPromise({ provider: new WsProvider(url, 2_500, {}, ANSWER_MS), noInitWarn: true });
  // The failing calls report errors of the connection.
  api.on('error', () => undefined);
  try {
    await inTime(api.isReadyOrError, `no answer from the chain (${url})`);
    const changed = await Promise.all(ROLES.map((role) => settle(api, cast[role], relays[role])));
    return ROLES.filter((_, place) => changed[place]).map((role) => cast[role].id);
  } finally {
    await api.disconnect();
  }
}

/** Resolves with whether the twin was changed. */
async function settle(api: ApiPromise, player: Player, relay: string | null): Promise<boolean> {
  const query = api.query.tfgridModule?.twins;
  const call = api.tx.tfgridModule?.updateTwin;
  if (query === undefined || call === undefined) throw new Error('this chain is no tfchain: it has no TfgridModule');
  const json = (await inTime(query(player.id), `no answer about twin ${player.id}`)).toJSON();
  if (json === null) throw new Error(`twin ${player.id} is not on this chain`);
  const { relay: found, pk } = record.parse(json);
  if ((found === null ? null : Buffer.from(found.slice(2), 'hex').toString()) === relay) return false;
  const seed = miniSecret(player.secret);
  if (!seed.ok) throw new Error(`the secret of twin ${player.id}: ${seed.error.detail}`);
  const key = new Keyring().addFromSeed(seed.value, {}, player.keyType);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = await call(relay, pk).signAndSend(key, ({ status, dispatchError }) => {
    if (dispatchError !== undefined) reject(new Error(`twin ${player.id} not updated: ${dispatchError.toString()}`));
    else if (status.isFinalized) resolve();
    else if (status.isDropped || status.isInvalid || status.isUsurped) {
      reject(new Error(`twin ${player.id} not updated: ${status.type}`));
    }
  });
  try {
    await inTime(promise, `no block with the update of twin ${player.id}`);
    return true;
  } finally {
    stop();
  }
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
