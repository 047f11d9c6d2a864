import type { Twin } from '../../../proto/twin.ts';
import { type Line, linesOf } from '../line.ts';
import { findHolder, type Holder } from './other-peer.ts';
import { explainLoss, sessionSkipped } from './relay-verdict.ts';
import { goRound, tripRemedy } from './round-trip.ts';
import { openSession, type SessionOwner } from './session.ts';
import { isOnChain } from './twin-verdict.ts';

/** Parts that the checks of a relay need. */
export interface RelayParts {
  readonly owner: SessionOwner;
  readonly twin: Twin;
  /** Whether this Redis has a peer’s mark of a uid; undefined without Redis. */
  readonly isNoted: ((uid: string) => Promise<boolean>) | undefined;
}

/** Opens two sessions of the own twin at a relay, and sends a request from one to the other. */
export async function lookAtRelay(relay: URL, { owner, twin, isNoted }: RelayParts): Promise<Line[]> {
  const lines = linesOf(`relay ${relay.host}`);
  const [one, other] = await Promise.all([openSession(relay, owner), openSession(relay, owner)]);
  try {
    if (!one.ok || !other.ok) {
      const fault = one.ok ? (other.ok ? '' : other.error) : one.error;
      const { detail, next } = explainLoss(fault, twin.id);
      return [lines.fail('upgrade', detail, next), ...sessionSkipped(lines, 'no session').slice(1)];
    }
    const upgrade = lines.ok('upgrade', `a session of twin ${twin.id}`);
    if (!isOnChain(twin, relay)) {
      // The relay would forward the request to the relays on chain.
      return [upgrade, ...sessionSkipped(lines, 'not among the twin’s relays on chain').slice(1)];
    }
    const [trip, holder] = await Promise.all([
      goRound(one.value, other.value, { owner, twin }).catch(tripRemedy),
      isNoted === undefined ? undefined : findHolder(one.value, owner, isNoted).catch(() => undefined),
    ]);
    const round =
      typeof trip === 'number'
        ? lines.ok('round trip', `to the own twin in ${trip} ms, encrypted and verified`)
        : lines.fail('round trip', trip.detail, trip.next);
    return [upgrade, round, judgeHolder(relay, holder)];
  } finally {
    for (const session of [one, other]) if (session.ok) session.value.close();
  }
}

/** @param holder undefined if unknown, without Redis */
function judgeHolder(relay: URL, holder: Holder | undefined): Line {
  const lines = linesOf(`relay ${relay.host}`);
  if (holder === undefined) return lines.skipped('used once', 'without Redis, this peer cannot be told from another');
  switch (holder.kind) {
    case 'nobody':
      return lines.ok('used once', 'no peer of this twin is connected now');
    case 'own':
      return lines.ok('used once', 'by the peer of this Redis, which runs');
    case 'another': {
      const detail = 'a peer of this twin that uses another Redis answers there: one identity is used twice';
      return lines.warn('used once', detail, 'stop it: two peers of one twin replace each other');
    }
  }
}
