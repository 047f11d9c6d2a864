import { judgeKey as judgePk } from '../../../client/directory/judge-key.ts';
import { ss58Address } from '../../../proto/identity.ts';
import { relayDomainOf, relayDomains, type Twin } from '../../../proto/twin.ts';
import { differs, profileFor } from '../../chain-writer/registration.ts';
import { type Line, linesOf } from '../line.ts';

const lines = linesOf('twin');

/** Highest fee of an update, in units of 10^-7 TFT: 0.01 TFT. */
const FEE = 100_000n;
const UNITS = 10_000_000;

/** Faults of a key on chain that is not the key of this peer. */
const KEY_DETAILS = {
  absent: 'no key on chain: nobody can encrypt for this twin',
  broken: 'the key on chain is no secp256k1 public key: peers refuse to call this twin, and to serve it',
  valid: 'another key on chain: what is encrypted with it cannot be read',
};

/** The own twin on chain, and the peer's settings for it. */
export interface TwinSeen {
  readonly twin: Twin;
  /** 33 bytes: the key that should be on chain. */
  readonly pk: Uint8Array;
  readonly relays: readonly URL[];
  /** Whether a peer writes the twin when it starts. */
  readonly update: boolean;
  readonly keepRelays: boolean;
  /** In units of 10^-7 TFT; a text is why it is not known. */
  readonly free: bigint | string;
}

/** Returns the checks that need the twin, skipped. */
export function twinSkipped(why: string): Line[] {
  return ['exists', 'relays', 'key', 'balance'].map((what) => lines.skipped(what, why));
}

/** Returns the checks of an account without a twin. @param chain its own name */
export function noTwin(account: Uint8Array, chain: string): Line[] {
  const detail = `${chain} has none for the account ${ss58Address(account)}`;
  const next = 'are these the words of the twin, and is --substrate of its network? If so, create the twin first';
  return [lines.fail('exists', detail, next), ...twinSkipped('no twin').slice(1)];
}

/** Returns whether a relay is among the twin's relays on chain. */
export function isOnChain(twin: Twin, relay: URL): boolean {
  return relayDomains(twin.relay).includes(relayDomainOf(relay));
}

export function judgeTwin(seen: TwinSeen): Line[] {
  const exists = lines.ok('exists', `twin ${seen.twin.id}`);
  return [exists, judgeRelays(seen), judgeKey(seen), judgeBalance(seen)];
}

function judgeRelays({ twin, relays, update, keepRelays }: TwinSeen): Line {
  const missing = relays.filter((relay) => !isOnChain(twin, relay)).map(relayDomainOf);
  const own = relays.map(relayDomainOf);
  const others = relayDomains(twin.relay).filter((domain) => !own.includes(domain));
  if (missing.length > 0) {
    const detail = `${missing.join(', ')} not on chain; on chain: ${twin.relay ?? 'none'}`;
    if (update) return lines.warn('relays', detail, 'start the peer: it writes them on chain');
    return lines.fail('relays', detail, 'other twins do not reach this peer: start it once without --no-update');
  }
  if (others.length === 0 || keepRelays) return lines.ok('relays', `on chain: ${relayDomains(twin.relay).join(', ')}`);
  const detail = `${others.join(', ')} on chain, but not in --relay`;
  if (update) return lines.warn('relays', detail, 'the peer removes it from the chain; --keep-relays keeps it');
  return lines.warn('relays', detail, 'messages sent to it reach no program here: add it to --relay');
}

function judgeKey({ twin, pk, update }: TwinSeen): Line {
  if (twin.pk !== null && Buffer.compare(twin.pk, pk) === 0) return lines.ok('key', 'on chain, the key of this peer');
  const { kind } = judgePk(twin.pk);
  const detail = KEY_DETAILS[kind];
  if (update) return lines.warn('key', detail, 'start the peer: it writes its own key');
  const next = 'start the peer once without --no-update';
  return kind === 'absent' ? lines.warn('key', detail, next) : lines.fail('key', detail, next);
}

function judgeBalance({ twin, pk, relays, update, keepRelays, free }: TwinSeen): Line {
  if (!update) return lines.skipped('balance', 'nothing will be written (--no-update)');
  if (typeof free === 'string') return lines.skipped('balance', free);
  const tft = `${Number(free) / UNITS} TFT`;
  if (!differs(twin, profileFor(relays, pk, keepRelays ? twin.relay : null))) {
    return lines.ok('balance', `${tft}, nothing to write`);
  }
  if (free >= FEE) return lines.ok('balance', tft);
  const account = ss58Address(twin.account);
  const next = `send some TFT to ${account}, or leave the chain as it is with --no-update`;
  return lines.fail('balance', `${tft} cannot pay for the update of the twin, ${Number(FEE) / UNITS} TFT`, next);
}
