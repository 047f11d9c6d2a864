import { describe, expect, it } from 'vitest';
import { PRODUCT } from '../product.ts';
import { Twin } from './twin.ts';
import { World } from './world.ts';

const SETUP = { seed: 3, rateLimit: { messages: 0, bytes: 0 }, mailboxMessages: 2 };
/** The first pause of the product's back-off is at most this, ms. */
const FIRST_MS = 500;

function twinOf(world: World, isKnown = true): Twin {
  const twin = new Twin(world, 7, 'Asia');
  if (isKnown) world.store.fill(twin.id, world.chain.generation);
  return twin;
}

describe('a twin', () => {
  it('is back after one pause, and hands out its mail in order', () => {
    const world = new World(SETUP);
    const twin = twinOf(world);
    const ran: string[] = [];
    world.agenda.at(10_000, () => {
      twin.lose();
      expect(twin.hand(1, () => ran.push('first'))).toBe(true);
      expect(twin.hand(1, () => ran.push('second'))).toBe(true);
      expect(twin.hand(1, () => ran.push('no room'))).toBe(false);
      twin.whenConnected(() => ran.push('kept by the client'));
      expect(ran).toEqual([]);
    });
    world.agenda.run();
    expect(ran).toEqual(['kept by the client', 'first', 'second']);
    expect(twin).toMatchObject({ isConnected: true, mostMail: 2 });
    expect(twin.awayMs).toHaveLength(1);
    expect(twin.awayMs[0]).toBeLessThan(FIRST_MS + PRODUCT.storeMs + 100);
    expect(world.billed).toMatchObject({ upgrades: 1, connections: 1 });
  });

  it('tries while its network is away, and connects after that within a pause and a timeout', () => {
    const world = new World(SETUP);
    const twin = twinOf(world);
    const outage = 600_000;
    twin.hasNetwork = false;
    twin.lose();
    world.agenda.at(outage, () => {
      twin.hasNetwork = true;
    });
    world.agenda.run();
    const [awayMs = 0] = twin.awayMs;
    expect(awayMs).toBeGreaterThan(outage);
    expect(awayMs).toBeLessThan(outage + 30_000 + PRODUCT.connectMs + 1_000);
    expect(twin.failures.get('no network')).toBeGreaterThan(10);
  });

  it('is refused while no cache has it and the chain is away', () => {
    const world = new World(SETUP);
    const twin = twinOf(world, false);
    world.chain.isAway = true;
    twin.lose();
    world.agenda.at(60_000, () => {
      world.chain.isAway = false;
    });
    world.agenda.run();
    expect(twin.failures.get('chain-unreachable')).toBeGreaterThan(1);
    expect(twin.awayMs[0]).toBeGreaterThan(60_000);
  });

  it('finds a destination without a look-up while its object remembers it', () => {
    const world = new World(SETUP);
    const twin = twinOf(world);
    let found = 0;
    const find = () => twin.find(7, (isFound) => (found += isFound ? 1 : 0));
    for (const at of [0, PRODUCT.rememberMs / 2, PRODUCT.rememberMs * 2]) world.agenda.at(at, find);
    world.agenda.run();
    expect([found, world.lookups.all]).toEqual([3, 2]);
  });
});

describe('a world', () => {
  it('repeats an envelope after growing pauses, until its time is over', () => {
    const world = new World(SETUP);
    const visit = world.requests.ask(0, 1, 1, 0, 10_000);
    const at: number[] = [];
    const again = (refusals: number) =>
      world.again(visit, 1, refusals, () => {
        at.push(world.now);
        again(refusals + 1);
      });
    again(0);
    world.agenda.run();
    expect(at).toEqual([1_000, 3_000, 7_000]);
    expect(world.requests.count('time over')).toBe(1);
    expect(world.now).toBe(10_000);
  });

  it('has new isolates after a deploy, and still counts the look-ups of before', () => {
    const world = new World(SETUP);
    world.store.fill(1, world.chain.generation);
    world.isolate('Africa').lookup(1, () => undefined);
    world.agenda.run();
    world.renewIsolates();
    expect(world.mostInMemory).toBe(0);
    expect(world.lookups.all).toBe(1);
  });
});
