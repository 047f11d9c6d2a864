import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { CountEvent, PeerEvent } from '../bridge/events.ts';
import { RELEASE } from '../config/release.ts';
import { isReady } from './readiness.ts';
import type { PeerState } from './state.ts';

/** Event → help text of its metric. */
const EVENTS: Record<PeerEvent, string> = {
  'request-taken': 'Requests of programs, claimed from Redis',
  'request-sent': 'Requests handed to a relay, one for each destination',
  'request-failed': 'Requests that could not be sent; their programs were told',
  'response-taken': 'Responses of services, claimed from Redis',
  'response-sent': 'Responses handed to a relay',
  'response-failed': 'Responses that could not be sent',
  'entry-malformed': 'Malformed entries in Redis',
  'entry-restored': 'Settled entries that an older copy of Redis restored; they were dropped',
  'entry-lost': 'Entries that Redis refused: the key is not a list, or the ACL forbids it',
  'command-delivered': 'Requests of other twins, delivered to a service',
  'command-refused': 'Requests of other twins that were refused',
  'reply-delivered': 'Replies of other twins, delivered to a program',
  'envelope-dropped': 'Dropped envelopes: unwanted, repeated, invalid, or for others',
  'envelope-resent': 'Envelopes that were sent again, because no receipt came or their refusal may pass',
  'custody-refused': 'Envelopes for which a relay gave a refusal as their receipt',
  'custody-late': 'Envelopes whose time was over before a receipt came',
  'twin-key-changed': 'Twins whose keys on chain differ from the known ones',
  'relay-connected': 'Times that a relay was connected',
  'relay-lost': 'Times that a connection to a relay was lost',
};

/** Strangers choose some details: beyond this many of one event, the rest counts as `other`. */
const MOST_DETAILS = 50;

/** Metrics for Prometheus. */
export interface Metrics {
  readonly count: CountEvent;
  /** @returns the exposition format, version 0.0.4 */
  write(): Promise<string>;
}

/** @param state the peer's, at the moment of reading; undefined before there is one */
export function openMetrics(state: () => PeerState | undefined): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: (state: PeerState, gauge: Gauge) => void, labels: string[] = []) =>
    new Gauge({
      name: `rmb_peer_${name}`,
      help,
      labelNames: labels,
      registers: [registry],
      collect() {
        const now = state();
        if (now !== undefined) read(now, this);
      },
    });
  gauge('ready', 'Whether Redis and a relay are up, and the peer is not stopping', (now, to) =>
    to.set(Number(isReady(now))),
  );
  gauge('redis_up', 'Whether Redis answers', ({ redis }, to) => to.set(Number(redis.isUp)));
  gauge('chain_up', 'Whether the chain answers', ({ chain }, to) => to.set(Number(chain.isUp)));
  gauge(
    'on_chain',
    'Whether the own twin on chain has a relay and the key of this peer; NaN until it was looked up',
    ({ onChain }, to) => to.set(onChain === undefined ? Number.NaN : Number(onChain.isUp)),
  );
  const setRelays = ({ relays }: PeerState, to: Gauge) => {
    for (const [relay, { isUp }] of relays) to.set({ relay }, Number(isUp));
  };
  gauge('relay_up', 'Whether a relay is connected', setRelays, ['relay']);
  gauge('twin', 'The twin’s id, 0 until it is known', ({ twin }, to) => to.set(twin ?? 0));
  gauge('clock_skew_seconds', 'A relay’s clock minus this machine’s', ({ clockSkew }, to) =>
    to.set(clockSkew ?? Number.NaN),
  );
  new Gauge({
    name: 'rmb_peer_build_info',
    help: 'Version of the peer',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: RELEASE }, 1);
  const counters = new Map(Object.entries(EVENTS).map(([event, help]) => [event, counterOf(registry, event, help)]));
  return {
    count: (event, detail) => counters.get(event)?.(detail ?? ''),
    write: () => registry.metrics(),
  };
}

function counterOf(registry: Registry, event: string, help: string): (detail: string) => void {
  // From the start: a rate over a count that appears with its first event misses that event.
  const counts = new Map([['', 0]]);
  new Counter({
    name: `rmb_peer_${event.replaceAll('-', '_')}_total`,
    help,
    labelNames: ['detail'],
    registers: [registry],
    // Only on a read: the library's counting takes longer than a message's way through a queue.
    collect() {
      this.reset();
      for (const [detail, count] of counts) this.inc({ detail }, count);
    },
  });
  return (detail) => {
    const known = counts.has(detail) || counts.size <= MOST_DETAILS ? detail : 'other';
    counts.set(known, (counts.get(known) ?? 0) + 1);
  };
}
