import { beforeEach, describe, expect, it } from 'vitest';
import { Random } from '../../simulate/world/random.ts';
import { PRODUCT } from '../product.ts';
import { Agenda } from './agenda.ts';
import { KvRegion, KvStore } from './kv.ts';
import { type Chain, IsolateResolver } from './resolver.ts';

const MINUTE = 60_000;

let agenda: Agenda;
let chain: Chain;
let store: KvStore;
let kv: KvRegion;
let resolver: IsolateResolver;

beforeEach(() => {
  agenda = new Agenda();
  chain = { isAway: false, generation: 'first', dials: 0, reads: 0, mostDials: 0 };
  store = new KvStore();
  kv = new KvRegion(new Random(5), store);
  resolver = new IsolateResolver(agenda, new Random(6), kv, store, chain);
});

/** Looks twins up at a time. Returns the number that was found, and when the last answer came. */
function lookUp(ids: readonly number[], at: number): { found: number; lastAt: number } {
  const seen = { found: 0, answers: 0, lastAt: 0 };
  agenda.at(at, () => {
    for (const id of ids) {
      resolver.lookup(id, (isFound) => {
        seen.answers += 1;
        seen.found += isFound ? 1 : 0;
        seen.lastAt = agenda.now;
      });
    }
  });
  agenda.run();
  expect(seen.answers).toBe(ids.length);
  return seen;
}

const ids = Array.from({ length: 1_000 }, (_, n) => n + 1);

describe('the resolver of the model', () => {
  it('reads a twin of KV once, and has it in memory then', () => {
    store.fill(1, 'first');
    expect(lookUp([1], 0).found).toBe(1);
    const { reads } = kv;
    expect(lookUp([1], 10_000)).toEqual({ found: 1, answers: 1, lastAt: 10_000 });
    expect([kv.reads - reads, resolver.hits, chain.dials]).toEqual([0, 1, 0]);
  });

  it('reads unknown twins from the chain, in six dials at a time, and writes them to KV', () => {
    expect(lookUp(ids, 0).found).toBe(ids.length);
    expect(chain.mostDials).toBeLessThanOrEqual(PRODUCT.dials);
    expect([chain.reads, store.writes]).toEqual([ids.length, ids.length]);
  });

  it('refuses unknown twins in time while the chain is away', () => {
    chain.isAway = true;
    const { found, lastAt } = lookUp(ids, 0);
    expect(found).toBe(0);
    expect(lastAt).toBeLessThanOrEqual(PRODUCT.lookupMs + PRODUCT.storeMs);
    expect(store.writes).toBe(0);
  });

  it('serves known twins while the chain is away, also stale ones', () => {
    for (const id of ids) store.fill(id, 'first');
    lookUp(ids, 0);
    chain.isAway = true;
    chain.generation = 'second';
    expect(lookUp(ids, 3 * MINUTE).found).toBe(ids.length);
    expect(store.writes).toBe(0);
  });

  it('reads stale twins again, once the chain is there', () => {
    for (const id of ids) store.fill(id, 'first');
    lookUp(ids, 0);
    // A read of KV that was too slow has gone to the chain.
    const { reads } = chain;
    chain.generation = 'second';
    expect(lookUp(ids, 3 * MINUTE).found).toBe(ids.length);
    expect([chain.reads - reads, store.writes]).toEqual([ids.length, ids.length]);
    expect(store.get(1)?.generation).toBe('second');
  });
});

describe('KV of the model', () => {
  it('sees a write only after the cache of its region', () => {
    store.fill(1, 'first');
    expect(kv.read(1, 0).generation).toBe('first');
    store.write(1, 'second', 10_000);
    expect(kv.read(1, MINUTE - 1).generation).toBe('first');
    expect(kv.read(1, MINUTE).generation).toBe('second');
  });

  it('refuses a second write of a key within a second', () => {
    store.write(1, 'first', 0);
    store.write(1, 'second', 999);
    store.write(1, 'third', 1_000);
    expect([store.get(1)?.generation, store.writes, store.refusedWrites]).toEqual(['third', 3, 1]);
  });
});
