import type { BatchEnvelope, Verdict } from '../../durable-objects/contract.ts';
import { isOwnRelay } from '../../durable-objects/domains.ts';
import { isSid } from '../../durable-objects/twin/sessions/sid.ts';
import { expiresAt, hasTag } from '../../proto/envelope/envelope.ts';
import { relayDomains } from '../../proto/twin.ts';
import type { Checked } from './envelope-check.ts';
import { type IngressPort, refused, type Taken } from './ingress-port.ts';

/** When another relay may try an overloaded twin again, seconds: longer than the pauses of the objects here. */
const OVERLOADED_S = 10;
const { outcome, refusal } = refused('overloaded', 'the destination gets more than it can take, try again later');
/** The fate of an envelope is unknown: the relay that sent it repeats it. */
export const UNANSWERED: Taken = refused('undelivered', 'destination could not be reached inside the relay, try again');
const OVERLOADED: Taken = { outcome, refusal: { ...refusal, retryAfter: OVERLOADED_S } };

/**
 * Delivers checked envelopes for one twin, in order, if the twin is at home or connected here.
 * @param to the twin; 0 if the envelopes name none
 * @param own the names of this relay
 * @returns the outcome of each
 */
export async function deliverTo(
  to: number,
  envelopes: readonly Checked[],
  own: readonly string[],
  port: IngressPort,
): Promise<readonly Taken[]> {
  const all = (taken: Taken) => envelopes.map(() => taken);
  if (to === 0) return all(refused('destination-missing', 'destination twin is missing'));
  const lookup = await port.lookup(to);
  if ('unavailable' in lookup)
    return all(refused('lookup-failed', `twin ${to} cannot be looked up: ${lookup.unavailable}`));
  if ('unknown' in lookup) return all(refused('unknown-destination', `destination twin ${to} is not on chain`));
  const domains = relayDomains(lookup.found.relay);
  const isHome = isOwnRelay(domains, own);
  const fit = envelopes.filter(({ envelope }) => isSid(envelope.destination?.connection));
  const verdicts = new Map<Checked, Verdict | undefined>();
  try {
    const given =
      fit.length === 0
        ? []
        : await port.deliver(
            to,
            fit.map((each) => addressed(each, isHome)),
          );
    for (const [n, each] of fit.entries()) verdicts.set(each, given[n]);
  } catch (error) {
    // A relay that gets no 202 repeats the envelopes.
    if (port.failed(to, error) === 'overloaded') return all(OVERLOADED);
  }
  const [host = ''] = own;
  if ([...verdicts.values()].includes('stored') && domains.some((domain) => !isOwnRelay([domain], own))) {
    port.keptHere(to, host);
  }
  return envelopes.map((each) => {
    if (!isSid(each.envelope.destination?.connection))
      return refused('unknown-destination', 'destination session has a sid of more than 1024 bytes');
    const verdict = verdicts.get(each);
    if (verdict === 'repeat') port.count('relay_messages_dropped_total', 1, 'repeat');
    const taken = takenOf(verdict);
    if (!('refusal' in taken) && each.digest !== undefined) port.accepted(each.digest);
    return taken;
  });
}

function addressed({ envelope, bytes, digest, mayStore }: Checked, isHome: boolean): BatchEnvelope {
  const end = expiresAt(envelope);
  return {
    sid: envelope.destination?.connection,
    bytes,
    ifAway: mayStore && isHome && !hasTag(envelope.tags, 'fail-fast') ? 'store' : 'return',
    expiresAt: end > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(end),
    digest,
    // A 202 must not be for something that only memory has.
    isUrgent: true,
  };
}

function takenOf(verdict: Verdict | undefined): Taken {
  switch (verdict) {
    case 'sent':
      return { outcome: 'delivered' };
    case 'held':
    case 'stored':
    case 'repeat':
      return { outcome: 'stored' };
    case 'offline':
      return refused('offline', 'destination offline');
    case 'full':
      return refused('mailbox-full', 'mailbox of the destination is full, try again later');
    case 'share':
      return refused('mailbox-share', 'its source fills its share of the mailbox of the destination, try again later');
    case 'expired':
      return refused('expired', 'message has expired');
    case 'version':
      return refused('relay-version', 'this relay changes its version and cannot serve the destination');
    // No verdict, or one of later code.
    default:
      return UNANSWERED;
  }
}
