import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { z } from 'zod';
import type { KeyType } from '../../proto/identity.ts';
import type { Twin } from '../../proto/twin.ts';

const ANSWER_MS = 12_000;

const hex = z.string().regex(/^0x([0-9a-f]{2})*$/);
const record = z.object({ id: z.number(), accountId: z.string(), relay: hex.nullable(), pk: hex.nullable() });

/** The chain, as a peer uses it. */
export interface Chain {
  /** Undefined: no such twin. Rejects when the chain does not answer. */
  twin(id: number): Promise<Twin | undefined>;
  twinIdOf(account: Uint8Array): Promise<number | undefined>;
  /** Signs and sends `update_twin`; resolves in a block. Rejects with what the chain holds against it. */
  updateTwin(key: { seed: Uint8Array; keyType: KeyType }, relay: string, pk: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Connects to one of several nodes, and to the next when it fails. @throws when none answers in time */
export async function connectChain(urls: readonly string[]): Promise<Chain> {
  const provider = new WsProvider([...urls], 2_500, {}, ANSWER_MS);
  const api = new ApiPromise({ provider, noInitWarn: true });
  // Errors of the connection are told by the calls that fail for them.
  api.on('error', () => undefined);
  try {
    await answered(api.isReadyOrError, `the chain (${urls.join(', ')})`);
  } catch (error) {
    await api.disconnect();
    throw error;
  }
  return {
    async twin(id) {
      const value = await answered(storage(api, 'twins')(id), `twin ${id}`);
      const json = value.toJSON();
      if (json === null) return undefined;
      const { accountId, relay, pk } = record.parse(json);
      return {
        id,
        account: api.registry.createType('AccountId', accountId).toU8a(),
        relay: relay === null ? null : bytesOf(relay).toString(),
        pk: pk === null ? null : bytesOf(pk),
      };
    },
    async twinIdOf(account) {
      const value = await answered(storage(api, 'twinIdByAccountID')(account), 'the twin of our account');
      return z.number().nullable().parse(value.toJSON()) ?? undefined;
    },
    updateTwin: ({ seed, keyType }, relay, pk) => update(api, new Keyring().addFromSeed(seed, {}, keyType), relay, pk),
    close: () => api.disconnect(),
  };
}

function storage(api: ApiPromise, item: string) {
  const query = api.query.tfgridModule?.[item];
  if (query === undefined) throw new Error(`this chain is no tfchain: it has no TfgridModule.${item}`);
  return query;
}

async function update(
  api: ApiPromise,
  key: ReturnType<Keyring['addFromSeed']>,
  relay: string,
  pk: Uint8Array,
): Promise<void> {
  const call = api.tx.tfgridModule?.updateTwin;
  if (call === undefined) throw new Error('this chain is no tfchain: it has no TfgridModule.update_twin');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = await call(relay, `0x${Buffer.from(pk).toString('hex')}`).signAndSend(
    key,
    ({ status, dispatchError }) => {
      if (dispatchError?.isModule) {
        const { section, name } = api.registry.findMetaError(dispatchError.asModule);
        reject(new Error(`${section}.${name}`));
      } else if (dispatchError !== undefined) reject(new Error(dispatchError.toString()));
      else if (status.isInBlock || status.isFinalized) resolve();
      else if (status.isDropped || status.isInvalid || status.isUsurped) reject(new Error(status.type));
    },
  );
  try {
    await promise;
  } finally {
    stop();
  }
}

/** A node that hangs must not hold a message up for ever. */
async function answered<T>(question: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer about ${what} within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
  });
  try {
    return await Promise.race([question, late]);
  } finally {
    clearTimeout(timer);
  }
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text.slice(2), 'hex');
}
