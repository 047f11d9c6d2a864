import type { TwinSource } from '../../client/directory/chain.ts';
import type { Log } from '../../client/ports.ts';
import { type KeyType, ss58Address } from '../../proto/identity.ts';
import type { Twin } from '../../proto/twin.ts';
import type { TwinWriter } from './chain-writer.ts';
import { differs, profileFor } from './registration.ts';

const RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 300_000;

/** Parts for registering. */
export interface RegistrarParts {
  readonly chain: Pick<TwinSource, 'twin'> & TwinWriter;
  readonly log: Log;
  /** Receives the own twin's new record. */
  onTwin(twin: Twin): void;
  /** Resolves true after `ms`, false when the peer stops. */
  pause(ms: number): Promise<boolean>;
}

/** The own twin, its key and its relays. */
export interface Registration {
  readonly twin: number;
  readonly account: Uint8Array;
  readonly key: { readonly seed: Uint8Array; readonly keyType: KeyType };
  /** 33 bytes. */
  readonly pk: Uint8Array;
  readonly relays: readonly URL[];
  /** Whether other relays on chain stay there. */
  readonly keepRelays: boolean;
}

/** Outcome of a registration: `refused` in a block, for a fee, until the next start; `stopped` with the peer. */
export type Registered = 'written' | 'unneeded' | 'refused' | 'stopped';

/** Writes relays and key of the own twin on chain if they differ. Tries until the chain has them, or has refused them. */
export async function register(registration: Registration, parts: RegistrarParts): Promise<Registered> {
  const { twin, account } = registration;
  let limit = RETRY_MS;
  let told = '';
  for (;;) {
    const outcome = await attempt(registration, parts);
    if (outcome.kind === 'done') return outcome.isWritten ? 'written' : 'unneeded';
    if (outcome.kind === 'paid') {
      // The next try would cost the same and fail the same way.
      parts.log.error(
        { twin },
        `chain: the own twin is not updated: ${outcome.refusal}; not tried again until the next start`,
      );
      return 'refused';
    }
    const reason = reasonOf(outcome.error, account);
    if (reason !== told) parts.log.warn({ twin }, `chain: the own twin is not updated yet: ${reason}`);
    told = reason;
    // A chain that is away is asked again soon; a refusal may cost a fee each time.
    limit = outcome.kind === 'refused' ? Math.min(limit * 2, LONGEST_RETRY_MS) : RETRY_MS;
    // Full jitter: a farm of nodes that starts together must not ask together.
    if (!(await parts.pause(Math.random() * limit))) return 'stopped';
  }
}

type Outcome =
  | { readonly kind: 'done'; readonly isWritten: boolean }
  /** Refused in a block, with a fee for that. */
  | { readonly kind: 'paid'; readonly refusal: string }
  | { readonly kind: 'away' | 'refused'; readonly error: unknown };

async function attempt(
  { twin, key, pk, relays, keepRelays }: Registration,
  { chain, log, onTwin }: RegistrarParts,
): Promise<Outcome> {
  let known: Twin | undefined;
  try {
    known = await chain.twin(twin);
  } catch (error) {
    return { kind: 'away', error };
  }
  if (known === undefined) return { kind: 'away', error: `the chain knows no twin ${twin}` };
  const profile = profileFor(relays, pk, keepRelays ? known.relay : null);
  const isNews = differs(known, profile);
  if (isNews) {
    const isKeyNew = known.pk === null || Buffer.compare(known.pk, pk) !== 0;
    const change = { twin, from: known.relay, relay: profile.relay, key: isKeyNew ? 'new' : 'unchanged' };
    log.info(change, 'chain: updating the own twin');
    try {
      const refusal = await chain.updateTwin(key, profile.relay, profile.pk);
      if (refusal !== undefined) return { kind: 'paid', refusal };
    } catch (error) {
      return { kind: 'refused', error };
    }
    log.info({ twin, relay: profile.relay }, 'chain: the own twin is updated');
  }
  onTwin(isNews ? { ...known, ...profile } : known);
  return { kind: 'done', isWritten: isNews };
}

function reasonOf(error: unknown, account: Uint8Array): string {
  const text = error instanceof Error ? error.message : String(error);
  if (!/inability to pay|balance too low/i.test(text)) return text;
  return `the balance of ${ss58Address(account)} cannot pay the fee: send it some TFT (or start with --no-update)`;
}
