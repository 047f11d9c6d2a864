import { ss58Address } from '../../proto/identity.ts';
import { relayDomainOf, relayDomains, type Twin } from '../../proto/twin.ts';
import { judgeKey as judgePk } from '../twins/judge-key.ts';
import { differs, profileFor } from '../twins/registration.ts';
import { type Line, linesOf } from './line.ts';

const lines = linesOf('twin');

/** What an update of a twin costs at most, in units of 10^-7 TFT: 0.01 TFT. */
const FEE = 100_000n;
const UNITS = 10_000_000;

/** What is wrong with a key on chain that is not the key of this peer. */
const KEY_DETAILS = {
  absent: 'no key on chain: nobody can encrypt for this twin',
  broken: 'the key on chain is no secp256k1 public key: peers refuse to call this twin, and to serve it',
  valid: 'another key on chain: what is encrypted with it cannot be read',
};

/** Our twin on chain, and what the peer would make of it. */
export interface TwinSeen {
  readonly twin: Twin;
  /** 33 bytes: what should stand there. */
  readonly pk: Uint8Array;
  readonly relays: readonly URL[];
  /** Whether a peer brings it up to date when it starts. */
  readonly update: boolean;
  readonly keepRelays: boolean;
  /** In units of 10^-7 TFT; a text is why it is not known. */
  readonly free: bigint | string;
}

/** What could not be looked at, because the twin is not known. */
export function twinSkipped(why: string): Line[] {
  return ['exists', 'relays', 'key', 'balance'].map((what) => lines.skipped(what, why));
}

/** No twin for the account. @param chain as it calls itself */
export function noTwin(account: Uint8Array, chain: string): Line[] {
  const detail = `${chain} has none for the account ${ss58Address(account)}`;
  const next = 'are these the words of the twin, and is --substrate of its network? If so, create the twin first';
  return [lines.fail('exists', detail, next), ...twinSkipped('no twin').slice(1)];
}

/** Which of our relays stand on chain. */
export function isOnChain(twin: Twin, relay: URL): boolean {
  return relayDomains(twin.relay).includes(relayDomainOf(relay));
}

export function judgeTwin(seen: TwinSeen): Line[] {
  const exists = lines.ok('exists', `twin ${seen.twin.id}`);
  return [exists, judgeRelays(seen), judgeKey(seen), judgeBalance(seen)];
}

function judgeRelays({ twin, relays, update, keepRelays }: TwinSeen): Line {
  const missing = relays.filter((relay) => !isOnChain(twin, relay)).map(relayDomainOf);
  const ours = relays.map(relayDomainOf);
  const others = relayDomains(twin.relay).filter((domain) => !ours.includes(domain));
  if (missing.length > 0) {
    const detail = `${missing.join(', ')} not on chain: there stands ${twin.relay ?? 'none'}`;
    if (update) return lines.warn('relays', detail, 'start the peer: it writes them there');
    return lines.fail('relays', detail, 'nobody finds us there: start the peer once without --no-update');
  }
  if (others.length === 0 || keepRelays) return lines.ok('relays', `on chain: ${relayDomains(twin.relay).join(', ')}`);
  const detail = `${others.join(', ')} on chain, and not among --relay`;
  if (update) return lines.warn('relays', detail, 'the peer takes it from there; --keep-relays leaves it');
  return lines.warn('relays', detail, 'what is sent there reaches no program here: add it to --relay');
}

function judgeKey({ twin, pk, update }: TwinSeen): Line {
  if (twin.pk !== null && Buffer.compare(twin.pk, pk) === 0) return lines.ok('key', 'on chain, ours');
  const { kind } = judgePk(twin.pk);
  const detail = KEY_DETAILS[kind];
  if (update) return lines.warn('key', detail, 'start the peer: it writes its own there');
  const next = 'start the peer once without --no-update';
  return kind === 'absent' ? lines.warn('key', detail, next) : lines.fail('key', detail, next);
}

function judgeBalance({ twin, pk, relays, update, keepRelays, free }: TwinSeen): Line {
  if (!update) return lines.skipped('balance', 'nothing will be written: --no-update');
  if (typeof free === 'string') return lines.skipped('balance', free);
  const tft = `${Number(free) / UNITS} TFT`;
  if (!differs(twin, profileFor(relays, pk, keepRelays ? twin.relay : null))) {
    return lines.ok('balance', `${tft}, nothing is to be written`);
  }
  if (free >= FEE) return lines.ok('balance', tft);
  const account = ss58Address(twin.account);
  const next = `send some TFT to ${account}, or leave the chain as it is with --no-update`;
  return lines.fail('balance', `${tft} cannot pay for the update of the twin, ${Number(FEE) / UNITS} TFT`, next);
}
