import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Metrics, openMetrics } from '../../../local-peer/daemon/metrics.ts';
import type { PeerState } from '../../../local-peer/daemon/state.ts';
import { type StatusServer, serveStatus } from '../../../local-peer/daemon/status.ts';

/** The status over HTTP, in every state that a peer can be in. */

const up = { isUp: true, detail: '' };
const healthy: PeerState = {
  twin: 7,
  redis: up,
  chain: up,
  onChain: up,
  relays: new Map([['relay.example', up]]),
  clockSkew: -0.5,
  isStopping: false,
};
let state: PeerState | undefined;
let metrics: Metrics;
let server: StatusServer;
beforeEach(async () => {
  state = healthy;
  metrics = openMetrics(() => state);
  server = await serveStatus({ host: '127.0.0.1', port: 0 }, { state: () => state, metrics });
});
afterEach(() => server[Symbol.asyncDispose]());

async function get(path: string, method = 'GET'): Promise<{ status: number; body: string }> {
  const response = await fetch(`${server.url}${path}`, { method });
  return { status: response.status, body: await response.text() };
}

describe('/readyz', () => {
  const down = (detail: string) => ({ isUp: false, detail });
  it.each<[number, string, PeerState | undefined, object]>([
    [200, 'all is up', healthy, { ready: true, twin: 7, stopping: false, clockSkew: -0.5, notUp: [] }],
    [
      200,
      'the chain is away',
      { ...healthy, chain: down('no answer') },
      { ready: true, notUp: [{ part: 'chain', why: 'no answer' }] },
    ],
    [
      200,
      'our twin has another relay on chain',
      { ...healthy, onChain: down('twin 7 has relay x.example on chain') },
      { ready: true, notUp: [{ part: 'twin on chain', why: 'twin 7 has relay x.example on chain' }] },
    ],
    [
      503,
      'Redis is away',
      { ...healthy, redis: down('connection refused') },
      { ready: false, notUp: [{ part: 'redis', why: 'connection refused' }] },
    ],
    [
      503,
      'no relay is connected',
      { ...healthy, twin: undefined, relays: new Map([['r.example:1', down('refused: 401')]]) },
      { ready: false, twin: null, notUp: [{ part: 'relay r.example:1', why: 'refused: 401' }] },
    ],
    [503, 'it is stopping', { ...healthy, isStopping: true }, { ready: false, stopping: true, notUp: [] }],
    [503, 'it has not begun', undefined, { ready: false, twin: null }],
  ])('answers %i when %s', async (status, _, now, body) => {
    state = now;
    const answer = await get('/readyz');
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject(body);
  });
});

describe('/healthz', () => {
  it('answers 200 whatever is up', async () => {
    state = undefined;
    const { status, body } = await get('/healthz');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ alive: true, version: expect.stringMatching(/^\d/) });
  });
});

describe('/metrics', () => {
  it('shows the present state and every count from the start', async () => {
    const before = (await get('/metrics')).body;
    expect(before).toContain('rmb_peer_ready 1\n');
    expect(before).toContain('rmb_peer_on_chain 1\n');
    expect(before).toContain('rmb_peer_relay_up{relay="relay.example"} 1\n');
    expect(before).toContain('rmb_peer_clock_skew_seconds -0.5\n');
    expect(before).toContain('rmb_peer_request_sent_total{detail=""} 0\n');
    state = { ...healthy, isStopping: true };
    metrics.count('request-sent');
    metrics.count('request-failed', '103');
    metrics.count('request-failed', '103');
    const after = (await get('/metrics')).body;
    expect(after).toContain('rmb_peer_ready 0\n');
    expect(after).toContain('rmb_peer_request_sent_total{detail=""} 1\n');
    expect(after).toContain('rmb_peer_request_failed_total{detail="103"} 2\n');
  });

  it('keeps its size whatever strangers make it count', async () => {
    for (let n = 0; n < 1000; n += 1) metrics.count('envelope-dropped', `detail ${n}`);
    const { body } = await get('/metrics');
    expect(body.split('\n').filter((line) => line.startsWith('rmb_peer_envelope_dropped_total')).length).toBeLessThan(
      60,
    );
    expect(body).toMatch(/rmb_peer_envelope_dropped_total\{detail="other"\} 950/);
  });

  it('has no name that docs/peer.md does not explain', async () => {
    const names = (await get('/metrics')).body.match(/(?<=^# HELP )rmb_peer_\w+/gm) ?? [];
    expect(names.length).toBeGreaterThan(10);
    const docs = await readFile('docs/peer.md', 'utf8');
    expect(names.filter((name) => !docs.includes(`\`${name.replace('rmb_peer_', '')}\``))).toEqual([]);
  });
});

describe('another path', () => {
  it('is refused', async () => {
    expect((await get('/')).status).toBe(404);
    expect((await get('/readyz', 'POST')).status).toBe(405);
    expect(await get('/readyz', 'HEAD')).toEqual({ status: 200, body: '' });
    expect((await get('/healthz?x=1')).status).toBe(200);
  });
});
