import { openConnection } from '../../../client/connect.ts';
import type { ConnectedBus } from '../../../client/connected-bus.ts';
import type { ConnectOptions } from '../../../client/public.ts';
import { PORTABLE } from '../../../proto/crypto/portable.ts';
import { type Identity, identityOf } from '../../../proto/identity.ts';
import type { Twin } from '../../../proto/twin.ts';
import { startRoutingRelay } from '../relay/memory-relay.ts';

/** Returns the keys of a twin in memory. */
export async function identityOfMemoryTwin(id: number): Promise<Identity> {
  const identity = await identityOf(`0x${String(id).padStart(2, '0').repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  return identity.value;
}

/** Starts a relay and a source of twins 1 and 2, both in memory. @param relayOnChain the relay of the twins on chain */
export async function startMemoryBus(relayOnChain = 'relay') {
  const relay = startRoutingRelay();
  const identities = new Map<number, Identity>();
  for (const id of [1, 2]) identities.set(id, await identityOfMemoryTwin(id));
  const twins = [...identities].map(
    ([id, { account, e2ePublicKey }]): Twin => ({ id, account, relay: relayOnChain, pk: e2ePublicKey }),
  );
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const source = {
    twin: async (id: number) => twins.find((twin) => twin.id === id),
    twinIdOf: async (account: Uint8Array) => twins.find((twin) => hex(twin.account) === hex(account))?.id,
  };
  const join = async (id: number, changes: { sid?: string; signal?: AbortSignal } = {}): Promise<ConnectedBus> => {
    const identity = identities.get(id) ?? (await identityOfMemoryTwin(id));
    const options: ConnectOptions = { identity, twins: source, relays: ['ws://relay'], ...changes };
    return openConnection(options, { dial: relay.dial, primitives: PORTABLE });
  };
  return { relay, join, source };
}
