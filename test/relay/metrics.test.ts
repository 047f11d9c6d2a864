import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { type Client, connectAs } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { unpackProgram } from '../rig/redis/unpacked.ts';
import { until } from '../rig/until.ts';

const A = { twin: 1 };
const B = { twin: 2 };
const TOKEN = 'correct-horse-battery-staple';

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network[Symbol.asyncDispose]());

const get = (path: string, init: RequestInit = {}) => fetch(`${network.relay.httpUrl}${path}`, init);

/** The relay answers from a cache of 5 s: resolves with the first text in which the series are so. */
function metricsWhen(
  isSo: (value: (series: string) => number | undefined) => boolean,
  meanwhile = async () => {},
): Promise<string> {
  return until('the metrics', async () => {
    await meanwhile();
    const text = await (await get('/metrics')).text();
    const lines = text.split('\n');
    const value = (series: string) => {
      const line = lines.find((each) => each.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length));
    };
    return isSo(value) && text;
  });
}

/** Returns the number of sessions of a relay, as its shards count them. */
function connections(text: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith('relay_worker_connections{'))
    .reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
}

describe('/metrics', () => {
  it('counts delivered and refused messages through the sleep of their object', async () => {
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
      // Counts that were not handed over yet are in the socket's attachment.
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

  it('counts each session by the reason of its end', async () => {
    const [elder, newer] = [await network.join(4), await network.join(4)];
    await elder.closed;
    newer.send('text');
    await newer.closed;
    const text = await metricsWhen((value) => value('relay_session_evictions_total{reason="protocol-1003"}') === 1);
    expect(text).toContain('\nrelay_session_evictions_total{reason="replaced"} 1\n');
    expect(text).toContain('\nrelay_session_evictions_total{reason="closed"} 2\n');
  });

  it('counts stored messages, and shows a large mailbox', async () => {
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

  it('passes the check of Prometheus itself', async () => {
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

describe('OPERATOR_TOKEN', () => {
  it('opens the metrics and leaves health to everybody', async () => {
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

describe('METRICS=closed', () => {
  it.each([
    ['without OPERATOR_TOKEN', {}],
    ['with an OPERATOR_TOKEN of less than 16 characters', { OPERATOR_TOKEN: 'too-short' }],
  ])('closes /metrics to everybody %s', async (_, settings) => {
    await using closed = await startNetwork({ METRICS: 'closed', ...settings });
    for (const authorization of ['', 'Bearer', 'Bearer undefined', 'Bearer too-short', `Bearer ${TOKEN}`]) {
      const answer = await fetch(`${closed.relay.httpUrl}/metrics`, { headers: { authorization } });
      expect([answer.status, await answer.json()]).toMatchObject([401, { error: { code: 'operator-token' } }]);
    }
  });
});

describe('the relay’s health', () => {
  it('is in /healthz, its name and domains in /version', async () => {
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
    expect(await (await get('/version')).json()).toEqual({
      name: 'rmb-edge',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      domains: network.relay.domains,
      // A deploy notes its commit as well.
      deployed: { id: expect.any(String), at: expect.any(String) },
    });
  });

  it('depends in /readyz on whether the chain answers', async () => {
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
