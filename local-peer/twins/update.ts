import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import type { KeyType } from '../../proto/identity.ts';
import type { Profile } from './registration.ts';

/** A node has this long to take the connection, and for each answer. */
const OPEN_MS = 12_000;
/** A transaction that is in no block by then will hardly ever be, ms. */
const BLOCK_MS = 60_000;

/** The key that signs. */
export interface UpdateKey {
  readonly seed: Uint8Array;
  readonly keyType: KeyType;
}

/**
 * Signs and sends `update_twin` over a connection of its own; resolves in a block, which the fee is paid in: undefined
 * when it is done, else what the chain holds against it.
 * @throws why it comes into none: the fee cannot be paid, it is late, the node cannot be used
 */
export async function sendUpdate(
  url: string,
  { seed, keyType }: UpdateKey,
  profile: Profile,
): Promise<string | undefined> {
  // The library takes a scheme in lower case only, which a parsed URL has.
  const provider = new WsProvider(new URL(url).href, false, {}, OPEN_MS);
  const { promise: lost, reject: lose } = Promise.withResolvers<never>();
  provider.on('error', () => lose(new Error('the node cannot be connected to')));
  provider.on('disconnected', () => lose(new Error('the connection was lost')));
  const silent = setTimeout(() => lose(new Error('the node does not answer')), OPEN_MS);
  provider.on('connected', () => clearTimeout(silent));
  const api = new ApiPromise({ provider, noInitWarn: true });
  // What is wrong with the connection is told by the provider.
  api.on('error', () => undefined);
  const late = setTimeout(() => lose(new Error(`it was in no block within ${BLOCK_MS / 1000} s`)), BLOCK_MS);
  const update = async () => {
    await Promise.all([provider.connect(), api.isReadyOrError]);
    // Keys can be made once the library's WASM is there, which it waits for, too.
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
  await call(relay, `0x${Buffer.from(pk).toString('hex')}`).signAndSend(key, ({ status, dispatchError }) => {
    if (dispatchError?.isModule) {
      const { section, name } = api.registry.findMetaError(dispatchError.asModule);
      resolve(`${section}.${name}`);
    } else if (dispatchError !== undefined) resolve(dispatchError.toString());
    else if (status.isInBlock || status.isFinalized) resolve(undefined);
    else if (status.isDropped || status.isInvalid || status.isUsurped) reject(new Error(status.type));
  });
  return promise;
}
