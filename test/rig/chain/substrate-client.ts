import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { DEV_TWINS } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import { within } from '../clients/client.ts';

export const keyring = new Keyring();
type Pair = ReturnType<typeof keyring.addFromSeed>;

/** A development twin's key pair, as any Substrate program makes it. */
export function pairOf(id: number): Pair {
  const twin = DEV_TWINS.find((each) => each.id === id);
  if (twin === undefined) throw new Error(`no twin ${id}`);
  return keyring.addFromSeed(Buffer.from(twin.secret.slice(2), 'hex'), {}, twin.keyType);
}

/** A pair's account in hex. */
export function hexOf(pair: Pair): `0x${string}` {
  return `0x${Buffer.from(pair.publicKey).toString('hex')}`;
}

/** The outcome of an extrinsic: its events as `section.Name`, and the pallet's error. */
interface Outcome {
  readonly events: readonly string[];
  readonly error: string | undefined;
}

/** A Substrate program: `@polkadot/api` as people use it, names looked up as they are known to be there. */
export interface SubstrateClient extends AsyncDisposable {
  readonly api: ApiPromise;
  query(pallet: string, item: string): ApiPromise['query'][string][string];
  /** A call of the pallet of twins. */
  call(name: string, args: readonly unknown[]): ReturnType<ApiPromise['tx'][string][string]>;
  /** Signs and sends such a call; resolves once it is finalized. */
  send(name: string, args: readonly unknown[], signer: Pair, options?: object): Promise<Outcome>;
}

export async function connectSubstrate(url: string): Promise<SubstrateClient> {
  const api = await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true });
  const call: SubstrateClient['call'] = (name, args) => {
    const make = api.tx.tfgridModule?.[name];
    if (make === undefined) throw new Error(`no call ${name}`);
    return make(...args);
  };
  return {
    api,
    query: (pallet, item) => {
      const found = api.query[pallet]?.[item];
      if (found === undefined) throw new Error(`no ${pallet}.${item}`);
      return found;
    },
    call,
    send: async (name, args, signer, options = {}) => {
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
      const unsubscribe = await call(name, args).signAndSend(signer, options, ({ status, events, dispatchError }) => {
        if (!status.isFinalized) return;
        const error = dispatchError?.isModule ? api.registry.findMetaError(dispatchError.asModule).name : undefined;
        resolve({ events: events.map(({ event }) => `${event.section}.${event.method}`), error });
      });
      promise.then(unsubscribe, reject);
      return within(promise, `${name} in a block`);
    },
    [Symbol.asyncDispose]: () => api.disconnect(),
  };
}
