import { type ApiPromise, Keyring } from '@polkadot/api';
import type { KeyType } from '../../proto/identity.ts';

/** A transaction that is in no block by then will hardly ever be, ms. */
const BLOCK_MS = 60_000;

/** Signs and sends `update_twin`; resolves in a block. @throws what the chain holds against it, or that it is late */
export async function updateTwin(
  api: ApiPromise,
  { seed, keyType }: { seed: Uint8Array; keyType: KeyType },
  relay: string,
  pk: Uint8Array,
): Promise<void> {
  const call = api.tx.tfgridModule?.updateTwin;
  if (call === undefined) throw new Error('this chain is no tfchain: it has no TfgridModule.update_twin');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error(`it was in no block within ${BLOCK_MS / 1000} s`)), BLOCK_MS);
  // A peer that stops meanwhile is not kept from it.
  late.unref();
  const key = new Keyring().addFromSeed(seed, {}, keyType);
  const watching = call(relay, `0x${Buffer.from(pk).toString('hex')}`).signAndSend(key, ({ status, dispatchError }) => {
    if (dispatchError?.isModule) {
      const { section, name } = api.registry.findMetaError(dispatchError.asModule);
      reject(new Error(`${section}.${name}`));
    } else if (dispatchError !== undefined) reject(new Error(dispatchError.toString()));
    else if (status.isInBlock || status.isFinalized) resolve();
    else if (status.isDropped || status.isInvalid || status.isUsurped) reject(new Error(status.type));
  });
  watching.catch(reject);
  try {
    await promise;
  } finally {
    clearTimeout(late);
    watching.then(
      (stop) => stop(),
      () => undefined,
    );
  }
}
