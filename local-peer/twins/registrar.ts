import { type KeyType, ss58Address } from '../../proto/identity.ts';
import type { Twin } from '../../proto/twin.ts';
import type { Log } from '../ports.ts';
import type { Chain } from './chain.ts';
import { differs, profileFor } from './registration.ts';

const RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 300_000;

/** What telling the chain about us needs. */
export interface RegistrarParts {
  readonly chain: Pick<Chain, 'twin' | 'updateTwin'>;
  readonly log: Log;
  /** Our twin is now as the chain says. */
  onTwin(twin: Twin): void;
  /** Resolves true after `ms`, false when the peer stops. */
  pause(ms: number): Promise<boolean>;
}

/** Who we are, and where we are found. */
export interface Registration {
  readonly twin: number;
  readonly account: Uint8Array;
  readonly key: { readonly seed: Uint8Array; readonly keyType: KeyType };
  /** 33 bytes. */
  readonly pk: Uint8Array;
  readonly relays: readonly URL[];
  /** Relays on chain that are not ours stay there. */
  readonly keepRelays: boolean;
}

/** Tells the chain where our twin is found and with which key, when it says otherwise; tries until it has. */
export async function register(registration: Registration, { chain, log, onTwin, pause }: RegistrarParts) {
  const { twin, account, key, pk, relays, keepRelays } = registration;
  for (let limit = RETRY_MS; ; limit = Math.min(limit * 2, LONGEST_RETRY_MS)) {
    try {
      const known = await chain.twin(twin);
      if (known === undefined) throw new Error(`the chain knows no twin ${twin}`);
      const profile = profileFor(relays, pk, keepRelays ? known.relay : null);
      if (!differs(known, profile)) return onTwin(known);
      const isKeyNew = known.pk === null || Buffer.compare(known.pk, pk) !== 0;
      const change = { twin, from: known.relay, relay: profile.relay, key: isKeyNew ? 'ours' : 'as it is' };
      log.info(change, 'chain: updating our twin');
      await chain.updateTwin(key, profile.relay, profile.pk);
      log.info({ twin, relay: profile.relay }, 'chain: our twin is updated');
      return onTwin({ ...known, relay: profile.relay, pk: profile.pk });
    } catch (error) {
      log.warn({ twin }, `chain: our twin is not updated yet: ${reasonOf(error, account)}`);
    }
    // Full jitter: a farm of nodes that starts as one must not ask as one.
    if (!(await pause(Math.random() * limit))) return;
  }
}

function reasonOf(error: unknown, account: Uint8Array): string {
  const text = error instanceof Error ? error.message : String(error);
  if (!/inability to pay|balance too low/i.test(text)) return text;
  return `the balance of ${ss58Address(account)} cannot pay the fee: send it some TFT (or start with --no-update)`;
}
