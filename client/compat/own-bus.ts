import { bytesToHex } from '@noble/hashes/utils.js';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import type { KeyType } from '../../proto/identity.ts';
import { type Profile, sendUpdate } from '../chain-writer/update.ts';
import { openConnection } from '../connect.ts';
import type { ConnectedBus } from '../connected-bus.ts';
import { asked } from '../directory/open-chain.ts';
import { RmbError } from '../errors.ts';
import { pageWakes } from '../web/page-wakes.ts';
import { dialWeb } from '../web/web-socket.ts';
import { missingOnChain, relaysOf } from './own-twin.ts';

/** A twin, and where it connects. */
export interface OwnTwin {
  readonly chainUrl: string;
  readonly relayUrl: string;
  readonly seed: Uint8Array;
  /** The encryption key that belongs to the seed, 33 bytes. */
  readonly pk: Uint8Array;
  readonly keyType: KeyType;
  /** Name of the session; a fresh one when it is empty. */
  readonly session: string;
}

/**
 * Connects a twin to its relays, and completes it on chain if it has no relay or no encryption key there.
 * Throws an `RmbError` when the secret, the chain or every relay cannot be used.
 */
export async function openOwnBus(own: OwnTwin): Promise<ConnectedBus> {
  const open = (relays: readonly string[]) =>
    openConnection(
      {
        secret: `0x${bytesToHex(own.seed)}`,
        keyType: own.keyType,
        chain: [own.chainUrl],
        relays,
        ...(own.session === '' ? {} : { sid: own.session }),
      },
      { dial: dialWeb, primitives: PORTABLE, wakes: pageWakes() },
    );
  const bus = await open([own.relayUrl]);
  try {
    const id = bus.own.twin;
    const twin = await asked(() => bus.chain.twins.get(id));
    if (twin === undefined) throw new RmbError('identity', `the chain knows no twin ${id}`, { twin: id });
    const relay = new URL(own.relayUrl);
    const missing = missingOnChain(twin, relay, own.pk);
    if (missing !== undefined) await write(own, id, missing);
    const relays = relaysOf(relay, missing?.relay ?? twin.relay);
    if (relays.length === 1) return bus;
    await bus.close();
    return await open(relays);
  } catch (error) {
    await bus.close();
    throw error;
  }
}

/** Throws an `RmbError` when the chain does not take the values. */
async function write({ chainUrl, seed, keyType }: OwnTwin, twin: number, profile: Profile): Promise<void> {
  const fail = (why: string, cause?: unknown) => {
    const what = `twin ${twin} has no relay or no encryption key on chain, and they were not written`;
    return new RmbError('chain', `${what}: ${why}`, { twin, cause });
  };
  const refusal = await sendUpdate(chainUrl, { seed, keyType }, profile).catch((error: unknown) => {
    throw fail(error instanceof Error ? error.message : String(error), error);
  });
  if (refusal !== undefined) throw fail(refusal);
}
