import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { smallSettings } from '../../../test/rig/relay/settings.ts';
import { openSqlite } from '../../../test/rig/relay/sqlite.ts';
import type { TwinLookup, Verdict } from '../../contract.ts';
import { Directory } from '../send/directory.ts';
import { type RoutedEnvelope, uidOf } from '../send/routed-envelope.ts';
import { migrate } from '../storage/schema.ts';
import { Federation } from './federation.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A relay that responds with these statuses in turn, and repeats the last. A 404 of it says `away`. */
async function openRelay(...statuses: number[]) {
  const received: { via: string | undefined; bytes: number }[] = [];
  const ways: (string | string[] | undefined)[] = [];
  const server = createServer(async (request, response) => {
    let bytes = 0;
    for await (const chunk of request) bytes += chunk.length;
    const via = request.headers['rmb-via'];
    const status = statuses[Math.min(received.length, statuses.length - 1)] ?? 500;
    response.writeHead(status, status === 404 ? { 'rmb-outcome': 'away' } : {}).end();
    ways.push(request.headers['rmb-if-away']);
    received.push({ via: typeof via === 'string' ? via : undefined, bytes });
  }).listen(0, '127.0.0.1');
  closing.push(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { domain: `127.0.0.1:${address.port}`, received, ways };
}

/** The federation of twin 1, whose destination has this relay string. Its object is at `own.example`. */
function openFederation(relay: string, verdict: Verdict = 'offline') {
  const sql = openSqlite();
  migrate(sql);
  const lookup: TwinLookup = { found: { id: 2, account: new Uint8Array(32), relay, pk: null } };
  const seen = { counted: [] as string[], reported: [] as string[], works: [] as Promise<void>[], deliveries: 0 };
  const federation = new Federation(smallSettings({ FEDERATION_SCHEME: 'http', FEDERATION_PRIVATE: 'allow' }), {
    host: {
      now: () => Date.now(),
      wait: async () => undefined,
      background: (work) => void seen.works.push(work),
    },
    sql,
    count: (metric, _, label) => void seen.counted.push(label === undefined ? metric : `${metric} ${label}`),
    directory: new Directory({ lookup: async () => lookup }, ['own.example'], () => Date.now()),
    receiver: () => ({
      deliver: async () => {
        seen.deliveries += 1;
        return [verdict];
      },
    }),
    report: ({ bytes }, reason) => void seen.reported.push(`${uidOf(bytes)} ${reason}`),
    keptHere: () => undefined,
    wakeAt: async () => undefined,
  });
  /** Resolves when all background work has ended. */
  const settle = async () => {
    while (seen.works.length > 0) await Promise.all(seen.works.splice(0));
  };
  return { federation, seen, settle };
}

const envelope = (uid: string, fields: Partial<RoutedEnvelope> = {}): RoutedEnvelope => ({
  from: { twin: 1, host: 'own.example' },
  to: { twin: 2 },
  bytes: encodeEnvelope({ uid, timestamp: 0n, expiration: 0n, relays: [] }),
  isRequest: true,
  failFast: false,
  expiresAt: Date.now() / 1000 + 60,
  ...fields,
});

describe('Federation', () => {
  it('posts envelopes to the twin’s relay with its own name, and keeps none that was accepted', async () => {
    const { domain, received } = await openRelay(202);
    const { federation, seen, settle } = openFederation(domain);
    const sent = envelope('a');
    expect(await federation.accept(2, [sent, envelope('b')])).toEqual([]);
    expect(federation.waiting).toBe(2);
    await settle();
    expect(received).toEqual(Array(2).fill({ via: 'own.example', bytes: sent.bytes.length }));
    expect(seen.counted).toContain(`federation_message_success ${domain}`);
    expect([federation.waiting, seen.reported]).toEqual([0, []]);
  });

  it('refuses an expired envelope at once and stores the others', async () => {
    const { domain } = await openRelay(202);
    const { federation, settle } = openFederation(domain);
    const late = envelope('late', { expiresAt: 1 });
    expect(await federation.accept(2, [late, envelope('a')])).toEqual([{ envelope: late, reason: 'expired' }]);
    expect(federation.waiting).toBe(1);
    await settle();
  });

  it('reports the reason of a relay that refuses for good', async () => {
    const { domain, received } = await openRelay(413);
    const { federation, seen, settle } = openFederation(domain);
    await federation.accept(2, [envelope('a')]);
    await settle();
    expect([received.length, seen.reported]).toEqual([1, ['a rejected-size']]);
  });

  it('keeps an envelope that three passes could not deliver, and counts each failure', async () => {
    const { domain, received } = await openRelay(500);
    const { federation, seen, settle } = openFederation(domain);
    await federation.accept(2, [envelope('a')]);
    await settle();
    expect([received.length, federation.waiting, seen.deliveries]).toEqual([3, 1, 0]);
    expect(seen.counted.filter((each) => each === `federation_message_error ${domain}`)).toHaveLength(3);
  });

  it('delivers to the twin here once its relay on chain is this one', async () => {
    const { federation, seen, settle } = openFederation('own.example', 'stored');
    await federation.accept(2, [envelope('a')]);
    await settle();
    expect([seen.deliveries, seen.counted, federation.waiting]).toEqual([1, ['relay_messages_stored_total'], 0]);
  });

  it('has a relay of RMB edge store what none has, and knows it from then on', async () => {
    const [foreign, edge] = [await openRelay(202), await openRelay(404, 202)];
    const single = openFederation(edge.domain);
    await single.federation.accept(2, [envelope('a', { failFast: true })]);
    await single.settle();
    expect([single.seen.reported, edge.ways]).toEqual([['a rejected'], [undefined]]);
    const { federation, settle } = openFederation(`${foreign.domain}_${edge.domain}`);
    await federation.accept(2, [envelope('b')]);
    await settle();
    expect([edge.ways, foreign.ways, federation.waiting]).toEqual([[undefined, 'return'], [], 0]);
  });

  it('knows for a second that no other relay has a session, but looks for it again for what must fail fast', async () => {
    const { domain, received, ways } = await openRelay(404);
    const relay = `own.example_${domain}`;
    const { federation, seen, settle } = openFederation(relay, 'offline');
    const lookup: TwinLookup = { found: { id: 2, account: new Uint8Array(32), relay, pk: null } };
    expect(federation.elsewhere(envelope('a'), lookup)).toBe('maybe');
    await federation.accept(2, [envelope('a')], true);
    expect(federation.elsewhere(envelope('b'), lookup)).toBe('queued');
    await settle();
    expect([received.length, ways, seen.deliveries, seen.reported]).toEqual([1, ['return'], 2, ['a offline']]);
    expect(federation.elsewhere(envelope('b'), lookup)).toBe('away');
    expect(federation.elsewhere(envelope('b', { failFast: true }), lookup)).toBe('maybe');
    const alone: TwinLookup = { found: { id: 2, account: new Uint8Array(32), relay: 'own.example', pk: null } };
    expect(federation.elsewhere(envelope('b'), alone)).toBe('none');
    expect(federation.elsewhere(envelope('b'), { unknown: true })).toBe('none');
  });
});
