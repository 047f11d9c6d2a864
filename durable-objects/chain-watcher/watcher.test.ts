import { describe, expect, test } from 'vitest';
import type { ChainStep, FollowRequest, TwinChange, TwinRefresh } from '../contract.ts';
import { generationName } from './generation.ts';
import { parseProgress } from './progress.ts';
import { Watcher } from './watcher.ts';

const BLOCK_MS = 6_000;

/** A chain on a virtual clock, a watcher over it, and counts of everything that costs something. */
function rig(threshold = 600) {
  const state = {
    now: 1_800_000_000_000,
    head: 1000,
    genesis: '0x0011223344556677ff',
    fork: '',
    changes: [] as TwinChange[],
    /** The answer of a node to a request for more than its head. */
    failure: undefined as ChainStep | undefined,
    unreadable: undefined as string | undefined,
    isRefreshing: true,
    isDown: false,
    /** The generation in KV before the first start. */
    generation: undefined as string | undefined,
    relay: undefined as string | undefined,
  };
  const cost = { alarms: 0, rows: 0, follows: 0, refreshes: 0, generations: 0 };
  const log: string[] = [];
  const requests: FollowRequest[] = [];
  const refreshed: number[] = [];
  const reread: string[] = [];
  let stored: unknown;
  const hashOf = (number: number) => `0x${number}${state.fork}`;
  const reader = {
    follow: async (request: FollowRequest): Promise<ChainStep> => {
      cost.follows += 1;
      requests.push(request);
      if (state.isDown) return { kind: 'failed', reason: 'down' };
      if (state.failure !== undefined && request.since !== undefined) return state.failure;
      const { head, genesis, unreadable } = state;
      const since = request.since ?? { number: head };
      if (request.genesis !== undefined && request.genesis !== genesis) {
        return { kind: 'failed', reason: 'another chain', astray: 'chain' };
      }
      if (since.hash !== undefined && since.number <= head && since.hash !== hashOf(since.number)) {
        return { kind: 'forked' };
      }
      const through = Math.min(head, since.number + request.most);
      const changes = state.changes.filter(({ block }) => block > since.number && block <= through);
      return {
        kind: 'blocks',
        genesis,
        head,
        through: { number: through, hash: hashOf(through) },
        changes,
        unreadable,
      };
    },
    refresh: async (twin: number): Promise<TwinRefresh> => {
      cost.refreshes += 1;
      if (!state.isRefreshing) return { unavailable: 'down' };
      refreshed.push(twin);
      if (state.relay === undefined) return { unknown: true };
      return { found: { id: twin, account: new Uint8Array(32), relay: state.relay, pk: null }, before: 'old.example' };
    },
    generation: async () => state.generation,
    newGeneration: async () => {
      cost.generations += 1;
    },
  };
  const port = {
    reader,
    reread: (twin: number, before: string | null | undefined, after: string | null, block: string) =>
      void reread.push(`${twin} ${before} ${after} ${block}`),
    store: (progress: object) => {
      cost.rows += 1;
      stored = structuredClone(progress);
    },
    log: (event: string) => log.push(event),
    now: () => state.now,
  };
  const start = () => new Watcher(port, parseProgress(stored), threshold);
  let watcher = start();
  let due = state.now;
  /** Lets time pass, with its blocks and alarms. */
  const pass = async (ms: number, isMoving = true) => {
    const [startedAt, head] = [state.now, state.head];
    for (const end = state.now + ms; due <= end; ) {
      state.now = due;
      if (isMoving) state.head = head + Math.floor((state.now - startedAt) / BLOCK_MS);
      cost.alarms += 1;
      due = state.now + (await watcher.run());
      cost.rows += 1; // the next alarm is set
    }
    state.now = startedAt + ms;
    if (isMoving) state.head = head + Math.floor(ms / BLOCK_MS);
  };
  const restart = () => {
    watcher = start();
  };
  const change = (twin: number, kind: TwinChange['kind'] = 'updated', block = state.head + 1) => {
    state.changes.push({ twin, kind, block });
  };
  return { state, cost, log, requests, refreshed, reread, pass, restart, change, status: () => watcher.status };
}

async function settled(threshold?: number) {
  const watched = rig(threshold);
  // The watcher looks after 0, 1, 7, 13 … s. From here on, time passes from look to look.
  await watched.pass(61_000);
  watched.requests.length = 0;
  watched.log.length = 0;
  return watched;
}

describe('an idle relay', () => {
  test('costs in five minutes exactly what docs/cost.md says', async () => {
    const { cost, pass } = await settled();
    Object.assign(cost, { alarms: 0, rows: 0, follows: 0, refreshes: 0, generations: 0 });
    await pass(300_000);
    expect(cost).toEqual({ alarms: 50, rows: 55, follows: 50, refreshes: 0, generations: 0 });
  });
});

describe('Watcher', () => {
  test('tells where a changed twin was and is, by the block that it was read at', async () => {
    const { state, reread, change, pass } = await settled();
    state.relay = 'new.example';
    change(7);
    await pass(BLOCK_MS);
    expect(reread).toEqual([`7 old.example new.example 0x${state.head}`]);
  });

  test('starts at the head with a new generation, and still reads the last blocks', async () => {
    const { cost, requests, pass, status, state } = rig();
    state.changes.push({ twin: 7, kind: 'updated', block: 995 }, { twin: 8, kind: 'updated', block: 900 });
    await pass(0);
    expect(requests.map(({ since }) => since)).toEqual([undefined, { number: 990, hash: undefined }]);
    expect(cost).toMatchObject({ generations: 1, refreshes: 1 });
    expect(status()).toMatchObject({ block: 1000, updated: 0, generations: 1, reconnecting: false });
  });

  test('starts at the block of a cache that was filled before, and reads what changed since', async () => {
    const { cost, requests, refreshed, pass, status, state } = rig();
    state.generation = generationName(state.genesis, 900, 1);
    state.changes.push({ twin: 7, kind: 'updated', block: 895 }, { twin: 8, kind: 'updated', block: 880 });
    await pass(0);
    expect(requests[1]?.since).toEqual({ number: 890, hash: undefined });
    expect([cost.generations, refreshed]).toEqual([0, [7]]);
    expect(status()).toMatchObject({ block: 1000, generations: 0, reconnecting: false });
  });

  test('starts a new generation if the cache was filled too long ago, or from another chain', async () => {
    for (const [genesis, block] of [
      ['0x0011223344556677ff', 899],
      ['0xffffffffffffffffff', 999],
    ] as const) {
      const { cost, requests, pass, state } = rig(100);
      state.generation = generationName(genesis, block, 1);
      await pass(0);
      expect([cost.generations, requests[1]?.since?.number]).toEqual([1, 990]);
    }
  });

  test('reads a changed twin at once, and once more when its block is settled', async () => {
    const { pass, change, refreshed, status } = await settled();
    change(7);
    change(8, 'stored');
    await pass(12_000);
    expect(refreshed).toEqual([7, 8]);
    await pass(120_000);
    expect(refreshed).toEqual([7, 8, 7, 8]);
    expect(status()).toMatchObject({ stored: 1, updated: 1 });
  });

  test('reads a twin again after a failure, before it leaves the block', async () => {
    const { state, pass, change, refreshed, status, log } = await settled();
    change(7);
    state.isRefreshing = false;
    const { block } = status();
    await pass(60_000);
    expect(status()).toMatchObject({ block, reconnecting: true });
    state.isRefreshing = true;
    await pass(30_000);
    expect(refreshed[0]).toBe(7);
    expect(status()).toMatchObject({ reconnecting: false, reconnects: 1, updated: 1 });
    expect(log).toEqual(['chain-not-followed', 'chain-followed-again']);
  });

  test('replays as many missed blocks as the threshold in one run, and skips more', async () => {
    const { state, pass, change, refreshed, cost, status } = await settled();
    change(7, 'updated', state.head + 300);
    state.head += 599;
    await pass(BLOCK_MS);
    expect([refreshed, cost.generations, status().block]).toEqual([[7], 1, state.head]);
    change(8);
    state.head += 700;
    await pass(BLOCK_MS);
    expect([refreshed.includes(8), cost.generations, status().block]).toEqual([false, 2, state.head]);
  });

  test('resumes after a sleep, and counts nothing twice', async () => {
    const { pass, change, restart, status, cost } = await settled();
    change(7);
    await pass(30_000);
    restart();
    expect(status()).toMatchObject({ updated: 1, generations: 1 });
    change(8);
    await pass(30_000);
    expect(status()).toMatchObject({ updated: 2 });
    expect(cost.generations).toBe(1);
  });

  test('steps back at a fork, and reads the twins of lost blocks again', async () => {
    const { state, pass, change, refreshed, log, status } = await settled();
    change(7);
    await pass(12_000);
    state.changes = [];
    state.fork = 'b';
    await pass(12_000);
    expect(refreshed).toEqual([7, 7]);
    expect(log).toEqual(['chain-fork']);
    expect(status()).toMatchObject({ block: state.head, generations: 1 });
  });

  test('starts again on another chain at once', async () => {
    const { state, pass, cost, status } = await settled();
    state.genesis = '0xffff';
    state.head = 50;
    await pass(BLOCK_MS);
    expect(cost.generations).toBe(2);
    expect(status()).toMatchObject({ block: 51, reconnecting: false });
  });

  test('starts once again on a chain that went back, at the second failure', async () => {
    const { state, pass, cost, status } = await settled();
    state.failure = { kind: 'failed', reason: 'behind', astray: 'behind' };
    state.head = 50;
    await pass(BLOCK_MS, false);
    expect(cost.generations).toBe(1);
    await pass(40_000, false);
    expect(cost.generations).toBe(2);
    state.failure = undefined;
    await pass(30_000, false);
    expect(status()).toMatchObject({ block: 50, generations: 2, reconnecting: false });
  });

  test('skips a gap that no node can replay, once the chain is reachable', async () => {
    const { state, pass, cost } = await settled();
    state.failure = { kind: 'failed', reason: 'state already discarded' };
    await pass(70_000);
    expect(cost.generations).toBe(1);
    await pass(60_000);
    expect(cost.generations).toBeGreaterThan(1);
  });

  test('follows the chain past unreadable events, with a new generation now and then and one log line', async () => {
    const { state, pass, cost, log, status } = await settled();
    state.unreadable = 'block 1011: nonsense';
    await pass(250 * BLOCK_MS);
    expect(cost.generations).toBe(4);
    expect(log.filter((event) => event === 'chain-events-unreadable')).toHaveLength(1);
    expect(status()).toMatchObject({ block: state.head, reconnecting: false });
  });

  test('compares nodes every 20 s while the head does not grow', async () => {
    const { pass, requests, log, cost } = await settled();
    await pass(120_000, false);
    const compared = requests.filter((request) => request.isStalled === true);
    expect(compared.length).toBeGreaterThanOrEqual(4);
    expect(compared.length).toBeLessThanOrEqual(6);
    expect([log, cost.generations]).toEqual([[], 1]);
  });

  test('tries every half minute while the chain is down, logs once, and then replays all blocks', async () => {
    const { state, pass, cost, change, refreshed, log, status } = await settled(1000);
    state.isDown = true;
    change(7);
    const before = cost.alarms;
    await pass(3_600_000);
    expect(cost.alarms - before).toBeLessThanOrEqual(3_600_000 / 30_000 + 4);
    expect(status()).toMatchObject({ reconnecting: true, generations: 1 });
    state.isDown = false;
    await pass(60_000);
    expect(log).toEqual(['chain-not-followed', 'chain-followed-again']);
    expect(refreshed).toEqual([7]);
    expect(status()).toMatchObject({ reconnecting: false, reconnects: 1, generations: 1, updated: 1 });
  });
});
