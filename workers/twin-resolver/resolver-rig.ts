import { vi } from 'vitest';
import { wait } from '../../proto/chain/wait.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import { Resolver } from './resolver.ts';
import { ResolverMemory } from './resolver-memory.ts';

/** A minute in ms. */
export const MINUTE = 60_000;
export const twin = (id: number, relay: string | null = null): Twin => ({
  id,
  account: new Uint8Array(32),
  relay,
  pk: null,
});
/** How long after its budget a dial still takes answers. */
const LATE_MS = 4_000;
export const DOWN = err('ws://node: not reachable');

/** A resolver over a Map for KV and a chain that the test writes. Vitest's fake timers must be on. */
export function resolverRig(memory = new ResolverMemory()) {
  const kv = new Map<string, string>();
  const log: string[] = [];
  const counted: string[] = [];
  /** The ids of each dial. */
  const dials: number[][] = [];
  const chain = new Map<number, Result<Twin | undefined, string>>();
  const state: { chainMs: number; kvMs: number; kvDown: boolean; lastId: number | undefined } = {
    chainMs: 0,
    kvMs: 0,
    kvDown: false,
    lastId: undefined,
  };
  const touch = async (ms: number, down: boolean, entry: string) => {
    log.push(entry);
    await wait(ms);
    if (down) throw new Error('KV is down');
  };
  const resolver = new Resolver({
    memory,
    store: {
      get: async (key) => {
        await touch(state.kvMs, state.kvDown, `get ${key}`);
        return kv.get(key) ?? null;
      },
      put: async (key, value) => {
        await touch(0, state.kvDown, `put ${key}`);
        kv.set(key, value);
      },
      delete: async (key) => {
        await touch(0, state.kvDown, `delete ${key}`);
        kv.delete(key);
      },
    },
    chain: {
      read: async (id, budget, block) => {
        // A read returns the twin as it is when the read starts, however long the answer takes.
        const answer = chain.get(id) ?? ok(undefined);
        await touch(Math.min(state.chainMs, budget), false, `chain ${id}${block === undefined ? '' : ` at ${block}`}`);
        return state.chainMs > budget ? DOWN : answer;
      },
      readMany: async (ids, budget, tell) => {
        const answers = ids.map((id) => [id, chain.get(id) ?? ok(undefined)] as const);
        dials.push([...ids]);
        for (const id of ids) log.push(`chain ${id}`);
        await wait(Math.min(state.chainMs, budget));
        if (state.chainMs > budget) {
          for (const id of ids) tell(id, DOWN);
          await wait(Math.min(state.chainMs - budget, LATE_MS));
        }
        if (state.chainMs <= budget + LATE_MS) for (const [id, answer] of answers) tell(id, answer);
      },
      lastId: async (budget) => {
        await touch(Math.min(state.chainMs, budget), false, 'chain last id');
        return state.chainMs > budget ? DOWN : ok(state.lastId);
      },
    },
    seeRegion: async () => undefined,
    count: (metric, _, reason) => void counted.push(reason === undefined ? metric : `${metric} ${reason}`),
    background: (work) => void work.catch((error) => log.push(`rejected ${error}`)),
  });
  let ended = 0;
  const run = async <T>(work: Promise<T>): Promise<T> => {
    const done = work.finally(() => {
      ended = Date.now();
    });
    done.catch(() => undefined); // It is awaited below.
    await vi.advanceTimersByTimeAsync(3000);
    return await done;
  };
  const calls = (prefix: string) => log.filter((entry) => entry.startsWith(prefix)).length;
  return {
    kv,
    log,
    dials,
    counted,
    chain,
    state,
    calls,
    finishedAt: () => ended,
    lookup: (id: number, mayAsk?: () => Promise<boolean>) => run(resolver.lookup(id, mayAsk)),
    refresh: (id: number, block?: string) => run(resolver.refresh(id, block)),
    renew: (id: number, block?: string) => run(resolver.renew(id, block)),
    newGeneration: (name: string) => run(resolver.newGeneration(name)),
    lookups: (ids: readonly number[]) => run(Promise.all(ids.map((id) => resolver.lookup(id)))),
    many: (id: number, n: number) => run(Promise.all(Array.from({ length: n }, () => resolver.lookup(id)))),
  };
}
