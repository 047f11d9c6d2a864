import { bytesToHex } from '@noble/hashes/utils.js';
import type { ApiPromise, Keyring } from '@polkadot/api';
import type { KeyType } from '../../proto/identity.ts';

/** Limit for the connection, and for each answer, ms. */
const OPEN_MS = 12_000;
/** A transaction in no block by then will hardly reach one, ms. */
const BLOCK_MS = 60_000;

/** Values for the own twin on chain. */
export interface Profile {
  /** Domains joined by `_`. */
  readonly relay: string;
  /** 33 bytes. */
  readonly pk: Uint8Array;
}

/** The key that signs. */
export interface UpdateKey {
  readonly seed: Uint8Array;
  readonly keyType: KeyType;
}

/**
 * Signs and sends `update_twin` over a connection of its own. Resolves when a block has it, and the fee is paid: with
 * undefined after a success, else with the chain's reason.
 * @throws why it reached no block: the fee cannot be paid, it is late, or the node cannot be used
 */
export async function sendUpdate(
  url: string,
  { seed, keyType }: UpdateKey,
  profile: Profile,
): Promise<string | undefined> {
  // Megabytes, which only a twin that is written on chain loads.
  const { ApiPromise, Keyring, WsProvider } = await import('@polkadot/api');
  // The library accepts a scheme only in lower case, which a parsed URL has.
  const provider = new WsProvider(new URL(url).href, false, {}, OPEN_MS);
  const { promise: lost, reject: lose } = Promise.withResolvers<never>();
  provider.on('error', () => lose(new Error('the node cannot be connected to')));
  provider.on('disconnected', () => lose(new Error('the connection was lost')));
  const silent = setTimeout(() => lose(new Error('the node does not answer')), OPEN_MS);
  provider.on('connected', () => clearTimeout(silent));
  const api = new ApiPromise({ provider, noInitWarn: true });
  // The provider reports faults of the connection.
  api.on('error', () => undefined);
  const late = setTimeout(() => lose(new Error(`it was in no block within ${BLOCK_MS / 1000} s`)), BLOCK_MS);
  const update = async () => {
    await Promise.all([provider.connect(), api.isReadyOrError]);
    // Keys can be made once the library's WASM is loaded, which this awaits, too.
    return await send(api, new Keyring().addFromSeed(seed, {}, keyType), profile);
  };
  try {
    return await Promise.race([lost, update()]);
  } finally {
    clearTimeout(silent);
    clearTimeout(late);
    await api.disconnect().catch(() => undefined);
  }
}

async function send(
  api: ApiPromise,
  key: ReturnType<Keyring['addFromSeed']>,
  { relay, pk }: Profile,
): Promise<string | undefined> {
  const call = api.tx.tfgridModule?.updateTwin;
  if (call === undefined) throw new Error('this chain is no tfchain: it has no TfgridModule.update_twin');
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  await call(relay, `0x${bytesToHex(pk)}`).signAndSend(key, ({ status, dispatchError }) => {
    if (dispatchError?.isModule) {
      const { section, name } = api.registry.findMetaError(dispatchError.asModule);
      resolve(`${section}.${name}`);
    } else if (dispatchError !== undefined) resolve(dispatchError.toString());
    else if (status.isInBlock || status.isFinalized) resolve(undefined);
    else if (status.isDropped || status.isInvalid || status.isUsurped) reject(new Error(status.type));
  });
  return promise;
}
