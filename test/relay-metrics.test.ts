import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, connectAs } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { unpackProgram } from './rig/unpacked.ts';

const A = { twin: 1 };
const B = { twin: 2 };
const TOKEN = 'correct-horse-battery-staple';

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network[Symbol.asyncDispose]());

const get = (path: string, init: RequestInit = {}) => fetch(`${network.relay.httpUrl}${path}`, init);

/** Reading is cached: a reader who needs what is new asks until it is there. */
async function metricsWhen(
  is: (value: (series: string) => number | undefined) => boolean,
  meanwhile = async () => {},
): Promise<string> {
  for (;;) {
    await meanwhile();
    const text = await (await get('/metrics')).text();
    const lines = text.split('\n');
    const value = (series: string) => {
      const line = lines.find((each) => each.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length));
    };
    if (is(value)) return text;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** All sessions of a relay, as its shards count them. */
function connections(text: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith('relay_worker_connections{'))
    .reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
}

describe('/metrics', () => {
  it('counts what passes and what is refused, through the sleep of the object that counted it', async () => {
    {
      await using a = await network.join(1);
      await using b = await network.join(2);
      const pass = async (client: Client) => {
        for (let n = 0; n < 10; n += 1) a.send(request(A, B));
        for (let n = 0; n < 10; n += 1) await client.next();
        a.send(request({ twin: 9 }, B));
        await a.next();
      };
      await pass(b);
      // What is not handed over yet stands on the socket.
      for (const twin of [1, 2]) await network.relay.evict(twin);
      await pass(b);
      expect(connections(await metricsWhen((value) => value('relay_worker_connections{worker="2"}') === 1))).toBe(2);
    }
    // The last session of a twin ends: all it has counted is handed over.
    const text = await metricsWhen(
      (value) =>
        value('relay_message_rx') === 22 &&
        value('relay_message_tx') === 22 &&
        value('relay_worker_connections{worker="1"}') === 0,
    );
    expect(text).toContain('\nrelay_messages_dropped_total{reason="wrong-source"} 2\n');
    expect(text).toContain('\nrelay_session_evictions_total{reason="closed"} 2\n');
    expect(text).toContain('\nrelay_delivery_seconds_count 20\n');
    expect(connections(text)).toBe(0);
  });

  it('counts why sessions ended, each once', async () => {
    const [elder, newer] = [await network.join(4), await network.join(4)];
    await elder.closed;
    newer.send('text');
    await newer.closed;
    const text = await metricsWhen((value) => value('relay_session_evictions_total{reason="protocol-1003"}') === 1);
    expect(text).toContain('\nrelay_session_evictions_total{reason="replaced"} 1\n');
    expect(text).toContain('\nrelay_session_evictions_total{reason="closed"} 2\n');
  });

  it('counts mail for a twin that is not connected, and shows what waits once that is much', async () => {
    {
      await using a = await network.join(1);
      for (let n = 0; n < 1000; n += 1) a.send(request(A, { twin: 3 }));
      a.send(request(A, { twin: 3, connection: 'nobody' }, { tags: 'fail-fast' }));
      await a.next();
    }
    const text = await metricsWhen(
      (value) => value('relay_messages_stored_total') === 1000 && value('relay_mailbox_messages') !== 0,
    );
    expect(text).toMatch(/\nrelay_mailbox_messages 1000\n/);
  });

  it('has what Prometheus’s own check finds nothing wrong with', async () => {
    const text = await (await get('/metrics')).text();
    const directory = await mkdtemp(join(tmpdir(), 'rmb-promtool-'));
    const promtool = unpackProgram('promtool', ['prometheus'], 'usr/bin/promtool', directory);
    const checked = spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' });
    await rm(directory, { recursive: true });
    expect([checked.stdout, checked.stderr, checked.status]).toEqual(['', '', 0]);
    expect((await get('/metrics')).headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('has the names that dashboards of the Rust relay read', async () => {
    const text = await metricsWhen((value) => (value('events_listener_last_processed_block_number') ?? 0) > 0);
    for (const name of [
      'relay_message_rx',
      'relay_message_tx',
      'relay_message_rx_bytes',
      'relay_message_tx_bytes',
      'rmb_cache_entries',
      'rmb_cache_hits_total',
      'rmb_cache_misses_total',
      'rmb_cache_flushes_total',
      'events_listener_reconnecting',
      'events_listener_reconnect_cycles_total',
      'events_listener_twin_stored_total',
      'events_listener_twin_updated_total',
    ]) {
      expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
    }
    expect(text).toMatch(/^relay_worker_connections\{worker="\d+"\} \d/m);
    expect(text).toMatch(/^relay_session_evictions_total\{reason="closed"\} \d/m);
  });

  it('counts refused connections by their code', async () => {
    // The Worker hands over at once, and then every ten seconds at most: with a refusal that comes later.
    const refused = () => expect(network.join(1, 'x'.repeat(1025))).rejects.toThrow('sid-too-long');
    await refused();
    await metricsWhen((value) => (value('relay_refused_requests_total{code="sid-too-long"}') ?? 0) >= 1, refused);
  });

  it('counts look-ups of ids that no twin has', async () => {
    const identity = await network.identity(1);
    let id = 90_000;
    const refused = async () => {
      id += 1;
      await expect(connectAs(network.relay.wsUrl, id, identity)).rejects.toThrow('unknown-twin');
    };
    await metricsWhen((value) => (value('relay_lookups_refused_total{reason="beyond"}') ?? 0) >= 1, refused);
  });
});

describe('with OPERATOR_TOKEN', () => {
  it('the metrics are for who has it; whether the relay is well is for everybody', async () => {
    await using guarded = await startNetwork({ OPERATOR_TOKEN: TOKEN });
    const ask = (authorization: string) => fetch(`${guarded.relay.httpUrl}/metrics`, { headers: { authorization } });
    for (const authorization of ['', 'Bearer wrong', TOKEN]) {
      const answer = await ask(authorization);
      expect([answer.status, await answer.json()]).toMatchObject([401, { error: { code: 'operator-token' } }]);
    }
    expect((await ask(`Bearer ${TOKEN}`)).status).toBe(200);
    expect((await fetch(`${guarded.relay.httpUrl}/healthz`)).status).toBe(200);
  });
});

describe('with METRICS=closed', () => {
  it.each([
    ['without OPERATOR_TOKEN', {}],
    ['with an OPERATOR_TOKEN of less than 16 characters', { OPERATOR_TOKEN: 'too-short' }],
  ])('/metrics is closed to everybody %s', async (_, settings) => {
    await using closed = await startNetwork({ METRICS: 'closed', ...settings });
    for (const authorization of ['', 'Bearer', 'Bearer undefined', 'Bearer too-short', `Bearer ${TOKEN}`]) {
      const answer = await fetch(`${closed.relay.httpUrl}/metrics`, { headers: { authorization } });
      expect([answer.status, await answer.json()]).toMatchObject([401, { error: { code: 'operator-token' } }]);
    }
  });
});

describe('health', () => {
  it('/healthz says that the relay lives, /version what it is and under which names', async () => {
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
    expect(await (await get('/version')).json()).toEqual({
      name: 'rmb-edge',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      domains: network.relay.domains,
    });
  });

  it('/readyz says whether the chain answers, and what that means when it does not', async () => {
    await metricsWhen((value) => (value('events_listener_last_processed_block_number') ?? 0) > 0);
    expect(await (await get('/readyz')).json()).toMatchObject({
      status: 'ready',
      chain: { block: expect.any(Number) },
    });
    await using alone = await startNetwork({ SUBSTRATE_URLS: 'http://127.0.0.1:9' });
    const answer = await fetch(`${alone.relay.httpUrl}/readyz`);
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { status: 'degraded', detail: expect.stringContaining('no chain node answers') },
    ]);
  });
});
