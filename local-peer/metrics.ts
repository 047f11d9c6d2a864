import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { isReady } from './readiness.ts';
import { RELEASE } from './release.ts';
import type { CountEvent, PeerEvent, PeerState } from './state.ts';

/** What each count counts. */
const EVENTS: Record<PeerEvent, string> = {
  'request-taken': 'Requests of programs, taken from Redis',
  'request-sent': 'Requests handed to a relay, one for each destination',
  'request-failed': 'Requests that could not be sent; their programs were told',
  'response-taken': 'Answers of services, taken from Redis',
  'response-sent': 'Answers handed to a relay',
  'response-failed': 'Answers that could not be sent',
  'entry-malformed': 'Entries in Redis that nobody can understand',
  'entry-restored': 'Settled entries that an older copy of Redis brought back; they were dropped',
  'entry-lost': 'Entries that Redis did not take: the key is not a list, or the ACL forbids it',
  'command-delivered': 'Requests of other twins, left for a service',
  'command-refused': 'Requests of other twins that were refused',
  'reply-delivered': 'Answers of other twins, left for a program',
  'envelope-dropped': 'Envelopes that nobody here waits for, repeats, and those for others',
  'twin-key-changed': 'Twins whose keys on chain are not those that were known',
  'relay-connected': 'Times that a relay was connected',
  'relay-lost': 'Times that a connection to a relay was lost',
};

/** A detail comes from outside in part: beyond so many different ones of an event the rest are `other`. */
const MOST_DETAILS = 50;

/** What Prometheus reads. */
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
  gauge('ready', 'Whether Redis and a relay are up, and it is not stopping', (now, to) => to.set(Number(isReady(now))));
  gauge('redis_up', 'Whether Redis answers', ({ redis }, to) => to.set(Number(redis.isUp)));
  gauge('chain_up', 'Whether the chain answers', ({ chain }, to) => to.set(Number(chain.isUp)));
  gauge(
    'on_chain',
    'Whether our twin on chain has a relay and the key of this peer; NaN until it was looked up',
    ({ onChain }, to) => to.set(onChain === undefined ? Number.NaN : Number(onChain.isUp)),
  );
  const setRelays = ({ relays }: PeerState, to: Gauge) => {
    for (const [relay, { isUp }] of relays) to.set({ relay }, Number(isUp));
  };
  gauge('relay_up', 'Whether a relay is connected', setRelays, ['relay']);
  gauge('twin', 'The twin’s id, 0 until it is known', ({ twin }, to) => to.set(twin ?? 0));
  gauge('clock_skew_seconds', 'A relay’s clock minus ours', ({ clockSkew }, to) => to.set(clockSkew ?? Number.NaN));
  new Gauge({ name: 'rmb_peer_build_info', help: 'What runs', labelNames: ['version'], registers: [registry] }).set(
    { version: RELEASE },
    1,
  );
  const counters = new Map(Object.entries(EVENTS).map(([event, help]) => [event, counterOf(registry, event, help)]));
  return {
    count: (event, detail) => counters.get(event)?.(detail ?? ''),
    write: () => registry.metrics(),
  };
}

function counterOf(registry: Registry, event: string, help: string): (detail: string) => void {
  // There from the start: a rate over a count that appears with its first event misses that event.
  const counts = new Map([['', 0]]);
  new Counter({
    name: `rmb_peer_${event.replaceAll('-', '_')}_total`,
    help,
    labelNames: ['detail'],
    registers: [registry],
    // Only when somebody reads: the library's counting takes longer than a message's way through a queue.
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
