import type { ApiPromise } from '@polkadot/api';
import { z } from 'zod';
import type { KeyType } from '../../proto/identity.ts';
import type { Twin } from '../../proto/twin.ts';
import { hideSecrets } from '../config/mask.ts';
import type { Log } from '../ports.ts';
import type { PartState } from '../state.ts';
import { type ChainSession, openSession } from './chain-session.ts';
import { updateTwin } from './update.ts';

/** After a loss the chain has this long to come back before questions fail at once, ms. */
const GRACE_MS = 2_000;
/** A question that is not answered in this time is an error for whoever waits, ms. */
const ANSWER_MS = 2_000;
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

const hex = z.string().regex(/^0x([0-9a-f]{2})*$/);
const record = z.object({ id: z.number(), accountId: z.string(), relay: hex.nullable(), pk: hex.nullable() });

/** The chain, as a peer uses it. All reject, in words for people, when it does not answer. */
export interface Chain {
  /** Undefined: no such twin. */
  twin(id: number): Promise<Twin | undefined>;
  twinIdOf(account: Uint8Array): Promise<number | undefined>;
  /** Signs and sends `update_twin`; resolves in a block. Rejects with what the chain holds against it. */
  updateTwin(key: { seed: Uint8Array; keyType: KeyType }, relay: string, pk: Uint8Array): Promise<void>;
}

/** Whom the chain tells. */
export interface ChainPort {
  onState(state: PartState): void;
  /** A block says that a twin is new or has changed. */
  onTwin(twin: Twin): void;
  /** Blocks may have been missed: what is known may be old. */
  onGap(): void;
  readonly log: Log;
}

/** A connection to one of several nodes, and to the next when it fails or stands still; for ever. */
export class ChainConnection implements Chain {
  readonly #urls: readonly string[];
  readonly #port: ChainPort;
  #session: ChainSession | undefined;
  #up = Promise.withResolvers<void>();
  #lostAt = performance.now();
  #detail = 'not connected yet';
  #isClosed = false;
  readonly #stop = Promise.withResolvers<void>();

  constructor(urls: readonly string[], port: ChainPort) {
    this.#urls = urls;
    this.#port = port;
    void this.#run();
  }

  async twin(id: number): Promise<Twin | undefined> {
    const api = await this.#api();
    const value = await within(storage(api, 'twins')(id), `twin ${id}`);
    return twinOf(api, value.toJSON());
  }

  async twinIdOf(account: Uint8Array): Promise<number | undefined> {
    const value = await within(storage(await this.#api(), 'twinIdByAccountID')(account), 'the twin of our account');
    return z.number().nullable().parse(value.toJSON()) ?? undefined;
  }

  async updateTwin(key: { seed: Uint8Array; keyType: KeyType }, relay: string, pk: Uint8Array): Promise<void> {
    return updateTwin(await this.#api(), key, relay, pk);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop.resolve();
    await this.#session?.close();
  }

  async #api(): Promise<ApiPromise> {
    const left = this.#lostAt + GRACE_MS - performance.now();
    if (this.#session === undefined && left > 0 && !this.#isClosed) await soon(this.#up.promise, left);
    if (this.#session === undefined) throw new Error(`the chain is out of reach (${this.#detail})`);
    return this.#session.api;
  }

  async #run(): Promise<void> {
    for (let [turn, failures] = [0, 0]; !this.#isClosed; turn += 1) {
      const url = this.#urls[turn % this.#urls.length] ?? '';
      try {
        const opened = await openSession(url);
        if (opened.ok && !this.#isClosed) {
          failures = 0;
          await this.#live(url, opened.value);
        } else if (opened.ok) await opened.value.close();
        else this.#lost(url, opened.error);
      } catch (error) {
        // What the library throws may show the URL, and with it a key.
        this.#lost(url, hideSecrets(error instanceof Error ? error.message : String(error), [url]));
      }
      if (this.#isClosed) return;
      const limit = Math.min(RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
      failures += 1;
      await soon(this.#stop.promise, Math.random() * limit);
    }
  }

  /** Lives with one node until it fails. */
  async #live(url: string, session: ChainSession): Promise<void> {
    this.#session = session;
    this.#port.log.info({ chain: url }, 'chain: connected');
    // Before anybody asks: what was cached while it was away may be old.
    this.#port.onGap();
    this.#up.resolve();
    this.#port.onState({ isUp: true, detail: '' });
    const failure = await session.live((json) => this.#tell(session.api, json));
    this.#session = undefined;
    this.#up = Promise.withResolvers();
    this.#lostAt = performance.now();
    await session.close();
    this.#lost(url, failure);
  }

  #tell(api: ApiPromise, json: unknown): void {
    try {
      const twin = twinOf(api, json);
      if (twin !== undefined) this.#port.onTwin(twin);
    } catch (error) {
      this.#port.log.warn({ error: String(error) }, 'chain: an event about a twin was not understood');
    }
  }

  #lost(url: string, detail: string): void {
    if (this.#isClosed) return;
    const isNews = detail !== this.#detail;
    this.#detail = detail;
    if (isNews) this.#port.log.warn({ chain: url, detail }, 'chain: not connected, trying again');
    this.#port.onState({ isUp: false, detail });
  }
}

/** An item of the twins' pallet. @throws when this chain has none */
export function storage(api: ApiPromise, item: string) {
  const query = api.query.tfgridModule?.[item];
  if (query === undefined) throw new Error(`this chain is no tfchain: it has no TfgridModule.${item}`);
  return query;
}

/** A twin out of the chain's JSON; undefined for null. */
export function twinOf(api: ApiPromise, json: unknown): Twin | undefined {
  if (json === null) return undefined;
  const { id, accountId, relay, pk } = record.parse(json);
  return {
    id,
    account: api.registry.createType('AccountId', accountId).toU8a(),
    relay: relay === null ? null : bytesOf(relay).toString(),
    pk: pk === null ? null : new Uint8Array(bytesOf(pk)),
  };
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text.slice(2), 'hex');
}

/** A node that hangs must not hold a message up. */
async function within<T>(question: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`the chain said nothing about ${what} within ${ANSWER_MS / 1000} s`);
    timer = setTimeout(() => reject(error), ANSWER_MS);
  });
  try {
    return await Promise.race([question, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for `promise`, or for `ms`. */
async function soon(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
