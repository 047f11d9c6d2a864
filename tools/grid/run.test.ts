import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INPUTS } from './inputs.ts';
import { Traffic } from './model/traffic.ts';
import { Twin } from './model/twin.ts';
import { World } from './model/world.ts';
import { PRODUCT } from './product.ts';
import { run } from './run.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

const SETUP = { seed: 1, rateLimit: { messages: 6_000, bytes: 0 }, mailboxMessages: 10_000 };
const SMALL = { nodes: 60, pollers: 3 };

const sumOf = (ends: { readonly [end: string]: number }) => Object.values(ends).reduce((sum, count) => sum + count, 0);

describe('a run', () => {
  it('ends each request in exactly one way, whatever happens', () => {
    const setup = fc.record({
      name: fc.constantFrom<keyof typeof SCENARIOS>(
        'spread',
        'apart',
        'burst',
        'deployAtOnce',
        'chain',
        'generation',
        'europe',
      ),
      seed: fc.integer(),
      messages: fc.constantFrom(0, 5, 100, 6_000),
      mailboxMessages: fc.constantFrom(3, 10_000),
    });
    fc.assert(
      fc.property(setup, ({ name, seed, messages, mailboxMessages }) => {
        const scenario = { ...SCENARIOS[name], ...SMALL };
        const result = run(scenario, 1, { seed, rateLimit: { messages, bytes: 0 }, mailboxMessages });
        expect(sumOf(result.ends)).toBe(result.asked);
        expect(result.asked).toBeGreaterThan(0);
      }),
      { numRuns: 30 },
    );
  });

  it('does the same for the same seed, and something else for another', () => {
    const scenario = { ...SCENARIOS.deployAtOnce, ...SMALL };
    const [one, same, other] = [1, 1, 2].map((seed) => run(scenario, 1, { ...SETUP, seed }));
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('brings every twin of a storm back without a refusal', () => {
    const { away, back, failures } = run({ ...SCENARIOS.storm, nodes: 500 }, 1, SETUP);
    expect([away, failures]).toEqual([500, {}]);
    expect(back.last).toBeGreaterThan(back.p50);
  });

  it('stores for twins that are away, and ends what lives too short', () => {
    const { stored, ends, back } = run({ ...SCENARIOS.america, ...SMALL }, 1, SETUP);
    expect(stored).toBeGreaterThan(0);
    expect(ends['time over']).toBeGreaterThan(0);
    expect(back.last).toBeGreaterThan(600_000);
  });

  it('refuses beyond the rate limit exactly as many as the minute has too many', () => {
    const burst: Scenario = { ...SCENARIOS.burst, nodes: 100, pollers: 1, forMs: 1 };
    const { ends, inMinute } = run(burst, 1, { ...SETUP, rateLimit: { messages: 300, bytes: 0 } });
    expect([inMinute, ends['rate-limited'], ends.answered]).toEqual([500, 200, 300]);
  });
});

describe('traffic', () => {
  it('agrees with Little’s law: open requests over time are the sum of the times of their answers', () => {
    const world = new World(SETUP);
    const [poller, node] = [new Twin(world, 1, 'Europe'), new Twin(world, 2, 'Asia')];
    for (const { id } of [poller, node]) world.store.fill(id, world.chain.generation);
    const traffic = new Traffic(world, [poller, node]);
    const visits = 2_000;
    for (let n = 0; n < visits; n += 1) {
      world.agenda.at(n * 37, () => traffic.ask(poller, [world.requests.ask(0, 1, 3, world.now, 60_000)]));
    }
    world.agenda.run();
    const { count, ms } = world.requests.answers;
    expect(count).toBe(visits * 3);
    const arrivals = count / world.now;
    expect(world.requests.openMs / world.now).toBeCloseTo(arrivals * (ms / count), 6);
  });

  it('takes a lone request as long as its way does', () => {
    const world = new World(SETUP);
    const [poller, node] = [new Twin(world, 1, 'Europe'), new Twin(world, 2, 'Asia')];
    for (const { id } of [poller, node]) world.store.fill(id, world.chain.generation);
    const traffic = new Traffic(world, [poller, node]);
    const requests = 3_000;
    // Half a second apart, and remembered: nobody waits for another one, and most need no look-up.
    for (let n = 0; n < requests; n += 1) {
      world.agenda.at(n * 500, () => traffic.ask(poller, [world.requests.ask(0, 1, 1, world.now, 60_000)]));
    }
    world.agenda.run();
    const { clientMs, farMs } = INPUTS.network;
    const way = farMs[0][2];
    const handling = 4 * (1000 / INPUTS.platform.ceiling);
    // The call of the first frame goes at once; each object handles two requests on the way.
    const expected = 4 * clientMs + 2 * way + handling + INPUTS.fleet.serviceMs;
    const { count, ms } = world.requests.answers;
    expect(count).toBe(requests);
    expect(Math.abs(ms / count / expected - 1)).toBeLessThan(0.05);
    expect(world.billed.calls).toBe(3 * requests);
  });

  it('keeps no more in the window than custody allows', () => {
    const world = new World({ ...SETUP, rateLimit: { messages: 0, bytes: 0 } });
    const twins = Array.from({ length: 3_001 }, (_, n) => new Twin(world, n + 1, 'Europe'));
    for (const { id } of twins) world.store.fill(id, world.chain.generation);
    const traffic = new Traffic(world, twins);
    const [poller] = twins;
    world.agenda.at(0, () => {
      if (poller === undefined) return;
      traffic.ask(
        poller,
        Array.from({ length: 3_000 }, (_, n) => world.requests.ask(0, n + 1, 1, 0, 60_000)),
      );
    });
    world.agenda.run();
    expect(world.requests.count('answered')).toBe(3_000);
    expect(traffic.most.inOutbox).toBeLessThanOrEqual(PRODUCT.window);
  });
});
