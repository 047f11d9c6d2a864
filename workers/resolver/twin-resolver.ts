import { WorkerEntrypoint } from 'cloudflare:workers';
import type { TwinLookup, TwinReader } from '../../durable-objects/contract.ts';
import { parseSettings } from '../../durable-objects/settings.ts';
import { getStorage } from './chain-rpc.ts';
import { readTwin } from './chain-twin.ts';
import { Memory } from './memory.ts';
import { type Pending, Resolver } from './resolver.ts';

/** Shared by the requests of an isolate; both may vanish at any time. */
const memory = new Memory();
const pending: Pending = new Map();

/** Twins of the chain, for the Worker and the twins' objects: all chain I/O is behind it. */
export class TwinResolver extends WorkerEntrypoint<Env> implements TwinReader {
  /** What is known of a twin: memory, then KV, then the chain; answers within 2 s. */
  async lookup(id: number): Promise<TwinLookup> {
    return this.#resolver().lookup(id);
  }

  /** Asks the chain, and renews memory and KV. */
  async refresh(id: number): Promise<TwinLookup> {
    return this.#resolver().refresh(id);
  }

  #resolver(): Resolver {
    const settings = parseSettings(this.env);
    if (!settings.ok) throw new Error(`settings: ${settings.error}`);
    return new Resolver(memory, pending, {
      kvGet: (key) => this.env.TWINS.get(key, 'json'),
      kvPut: (key, value) => this.env.TWINS.put(key, value),
      readChain: (id) => readTwin(settings.value.substrateUrls, id, getStorage),
      now: () => Date.now(),
      wait: (ms) => scheduler.wait(ms),
    });
  }
}
