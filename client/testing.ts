/**
 * `rmb-client/testing`: two connected twins for tests of programs, with the real client and codecs, and a relay and a
 * directory in memory. No network, and no chain.
 *
 * ```ts
 * await using test = await openTestBus();
 * const [caller, service] = test.twins; // twins 1 and 2
 * ```
 */
import { PORTABLE } from '../proto/crypto/portable.ts';
import { type Identity, identityOf } from '../proto/identity.ts';
import { sameBytes } from './bytes.ts';
import { openConnection } from './connect.ts';
import type { Bus } from './public.ts';
import { memoryRelay } from './testing/memory-relay.ts';

export type { Bus } from './public.ts';

/** Two connected twins. */
export interface TestBus extends AsyncDisposable {
  /** Twin 1 and twin 2. Both encrypt. */
  readonly twins: readonly [Bus, Bus];
  /** Connects a further session of a twin. @param sid its name; a fresh one when absent */
  connect(twin: 1 | 2, sid?: string): Promise<Bus>;
}

/** Connects two twins to a relay in memory. Disposing of it closes every session. */
export async function openTestBus(): Promise<TestBus> {
  const keys = [await keysOf('11'), await keysOf('22')] as const;
  const twins = keys.map(({ account, e2ePublicKey: pk }, n) => ({ id: n + 1, account, pk, relay: 'relay' }));
  const dial = memoryRelay((id) => twins.some((twin) => twin.id === id));
  const source = {
    twin: async (id: number) => twins.find((twin) => twin.id === id),
    twinIdOf: async (account: Uint8Array) => twins.find((twin) => sameBytes(twin.account, account))?.id,
  };
  const open: Bus[] = [];
  const connect = async (twin: 1 | 2, sid: string | false | undefined): Promise<Bus> => {
    const identity = keys[twin === 1 ? 0 : 1];
    const options = { identity, twins: source, relays: ['ws://relay'], ...(sid === undefined ? {} : { sid }) };
    const bus = await openConnection(options, { dial, primitives: PORTABLE });
    open.push(bus);
    return bus;
  };
  return {
    twins: [await connect(1, false), await connect(2, false)],
    connect,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(open.map((bus) => bus.close()));
    },
  };
}

async function keysOf(byte: string): Promise<Identity> {
  const identity = await identityOf(`0x${byte.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  return identity.value;
}
