import { vi } from 'vitest';
import { wait } from '../../chain/wait.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import { Resolver } from './resolver.ts';
import { ResolverMemory } from './resolver-memory.ts';

/** ms. */
export const MINUTE = 60_000;
export const twin = (id: number, relay: string | null = null): Twin => ({
  id,
  account: new Uint8Array(32),
  relay,
  pk: null,
});
export const DOWN = err('ws://node: not reachable');

/** A resolver over a Map for KV and a chain that the test writes; vitest's fake timers must be on. */
export function resolverRig(memory = new ResolverMemory()) {
  const kv = new Map<string, string>();
  const log: string[] = [];
  const looked: string[] = [];
  const refused: string[] = [];
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
        // What is read is what stands there when the reading begins, however long the answer takes.
        const answer = chain.get(id) ?? ok(undefined);
        await touch(Math.min(state.chainMs, budget), false, `chain ${id}${block === undefined ? '' : ` at ${block}`}`);
        return state.chainMs > budget ? DOWN : answer;
      },
      lastId: async (budget) => {
        await touch(Math.min(state.chainMs, budget), false, 'chain last id');
        return state.chainMs > budget ? DOWN : ok(state.lastId);
      },
    },
    looked: (where) => void looked.push(where),
    refused: (reason) => void refused.push(reason),
    later: (work) => void work.catch((error) => log.push(`rejected ${error}`)),
  });
  let ended = 0;
  const run = async <T>(work: Promise<T>): Promise<T> => {
    const done = work.finally(() => {
      ended = Date.now();
    });
    done.catch(() => undefined); // whoever awaits it below is told
    await vi.advanceTimersByTimeAsync(3000);
    return await done;
  };
  const calls = (prefix: string) => log.filter((entry) => entry.startsWith(prefix)).length;
  return {
    kv,
    log,
    looked,
    refused,
    chain,
    state,
    calls,
    finishedAt: () => ended,
    lookup: (id: number) => run(resolver.lookup(id)),
    refresh: (id: number, block?: string) => run(resolver.refresh(id, block)),
    newGeneration: (name: string) => run(resolver.newGeneration(name)),
    many: (id: number, n: number) => run(Promise.all(Array.from({ length: n }, () => resolver.lookup(id)))),
  };
}
