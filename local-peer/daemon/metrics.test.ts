import { describe, expect, it } from 'vitest';
import { openMetrics } from './metrics.ts';
import type { PeerState } from './state.ts';

const up = { isUp: true, detail: '' };
const down = { isUp: false, detail: 'connection refused' };
const healthy: PeerState = {
  twin: 7,
  redis: up,
  chain: up,
  onChain: up,
  relays: new Map([['a.example', up]]),
  clockSkew: 0.5,
  isStopping: false,
};

/** Returns the values of a metric, by its labels as they are written. */
async function read(metrics: ReturnType<typeof openMetrics>, name: string): Promise<Record<string, string>> {
  const lines = (await metrics.write()).matchAll(new RegExp(`^rmb_peer_${name}(\\{.*\\})? (.*)$`, 'gm'));
  return Object.fromEntries([...lines].map(([, labels = '', value = '']) => [labels, value]));
}

describe('gauges', () => {
  it('show the state at the moment of the read', async () => {
    let state = healthy;
    const metrics = openMetrics(() => state);
    const values = () =>
      Promise.all(['ready', 'redis_up', 'chain_up', 'on_chain', 'twin'].map((name) => read(metrics, name)));
    expect(await values()).toEqual([{ '': '1' }, { '': '1' }, { '': '1' }, { '': '1' }, { '': '7' }]);
    state = { ...healthy, redis: down, chain: down, onChain: down };
    expect(await values()).toEqual([{ '': '0' }, { '': '0' }, { '': '0' }, { '': '0' }, { '': '7' }]);
  });

  it('tell an unknown value from a bad one', async () => {
    const metrics = openMetrics(() => ({ ...healthy, twin: undefined, onChain: undefined, clockSkew: undefined }));
    expect(await read(metrics, 'on_chain')).toEqual({ '': 'Nan' });
    expect(await read(metrics, 'clock_skew_seconds')).toEqual({ '': 'Nan' });
    expect(await read(metrics, 'twin')).toEqual({ '': '0' });
  });

  it('show each relay by itself', async () => {
    const relays = new Map([
      ['a.example', up],
      ['b.example:8787', down],
    ]);
    const metrics = openMetrics(() => ({ ...healthy, relays }));
    expect(await read(metrics, 'relay_up')).toEqual({
      '{relay="a.example"}': '1',
      '{relay="b.example:8787"}': '0',
    });
  });

  it('work before the peer has a state', async () => {
    const metrics = openMetrics(() => undefined);
    expect(await read(metrics, 'ready')).toEqual({ '': '0' });
    expect(await read(metrics, 'relay_up')).toEqual({});
    expect(Object.keys(await read(metrics, 'build_info'))).toEqual([expect.stringMatching(/^\{version="\d+\./)]);
  });
});

describe('counters', () => {
  it('exist with 0 before their first event', async () => {
    expect(
      await read(
        openMetrics(() => healthy),
        'relay_lost_total',
      ),
    ).toEqual({ '{detail=""}': '0' });
  });

  it('keep their values when they are read', async () => {
    const metrics = openMetrics(() => healthy);
    metrics.count('relay-lost', 'a.example');
    metrics.count('relay-lost', 'a.example');
    const expected = { '{detail=""}': '0', '{detail="a.example"}': '2' };
    expect(await read(metrics, 'relay_lost_total')).toEqual(expected);
    expect(await read(metrics, 'relay_lost_total')).toEqual(expected);
  });

  it('keep known details apart when strangers have used up the room for new ones', async () => {
    const metrics = openMetrics(() => healthy);
    metrics.count('envelope-dropped', 'known');
    for (let n = 0; n < 200; n += 1) metrics.count('envelope-dropped', `stranger ${n}`);
    metrics.count('envelope-dropped', 'known');
    metrics.count('command-refused', 'of another event');
    expect(await read(metrics, 'envelope_dropped_total')).toMatchObject({
      '{detail="known"}': '2',
      '{detail="other"}': '151',
    });
    expect(await read(metrics, 'command_refused_total')).toMatchObject({ '{detail="of another event"}': '1' });
  });

  it('of two peers in one process stay apart', async () => {
    const [first, second] = [openMetrics(() => healthy), openMetrics(() => healthy)];
    first.count('request-sent');
    expect(await read(second, 'request_sent_total')).toEqual({ '{detail=""}': '0' });
  });
});
