import type { Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import type { Log } from '../ports.ts';
import type { PartState } from '../state.ts';
import { endsWithin, pauseUntil } from '../waiting.ts';
import type { ChainSession } from './chain-session.ts';
import { faultOf, openFirst } from './open-first.ts';
import { twinById, twinIdOf } from './questions.ts';
import { Retries } from './retries.ts';
import { askSecondNode } from './second-node.ts';
import type { UpdateKey } from './update.ts';
import { updateTwin } from './update-process.ts';

/** After a loss the chain has this long to come back before questions fail at once, ms. */
const GRACE_MS = 2_000;

/** The chain, as a peer uses it. All reject, in words for people, when it does not answer. */
export interface Chain {
  /** Undefined: no such twin. */
  twin(id: number): Promise<Twin | undefined>;
  twinIdOf(account: Uint8Array): Promise<number | undefined>;
  /**
   * Signs and sends `update_twin`; resolves in a block, which the fee is paid in: undefined when it is done, else what
   * the chain holds against it.
   */
  updateTwin(key: UpdateKey, relay: string, pk: Uint8Array): Promise<string | undefined>;
}

/** Whom the chain tells. */
export interface ChainPort {
  onState(state: PartState): void;
  /** A block says that a twin is new or has changed. */
  onTwin(twin: Twin): void;
  /** Blocks may have been missed: what is known may be old. */
  onGap(): void;
  /** The best block is of this time, Unix ms. */
  onTime?(ms: number): void;
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
  /** What was logged of each node last, by URL: the same fault is logged once. */
  readonly #faults = new Map<string, string>();
  readonly #stop = new AbortController();

  constructor(urls: readonly string[], port: ChainPort) {
    this.#urls = urls;
    this.#port = port;
    void this.#run();
  }

  async twin(id: number): Promise<Twin | undefined> {
    return told(`twin ${id}`, await twinById(await this.#here(), id));
  }

  async twinIdOf(account: Uint8Array): Promise<number | undefined> {
    return told('the twin of our account', await twinIdOf(await this.#here(), account));
  }

  async updateTwin(key: UpdateKey, relay: string, pk: Uint8Array): Promise<string | undefined> {
    const { url } = await this.#here();
    try {
      return await updateTwin({ url, key, profile: { relay, pk } }, this.#stop.signal);
    } catch (error) {
      throw new Error(faultOf(error, url));
    }
  }

  /** What a node beside ours says of a twin; undefined when none answers. */
  async secondOpinion(id: number): Promise<{ readonly twin: Twin | undefined } | undefined> {
    const { url: here, genesis } = await this.#here();
    for (const url of this.#urls.filter((each) => each !== here)) {
      const answer = await askSecondNode(url, genesis, id);
      if (answer.ok) return { twin: answer.value };
      this.#port.log.debug({ chain: url, twin: id, error: answer.error }, 'chain: a second node does not answer');
    }
    return undefined;
  }

  close(): void {
    this.#stop.abort();
    this.#session?.close();
  }

  get #isClosed(): boolean {
    return this.#stop.signal.aborted;
  }

  /** The node that we are connected to, waited for after a loss. */
  async #here(): Promise<ChainSession> {
    const left = this.#lostAt + GRACE_MS - performance.now();
    if (this.#session === undefined && left > 0 && !this.#isClosed) await endsWithin(left, this.#up.promise);
    if (this.#session === undefined) throw new Error(`the chain is out of reach (${this.#detail})`);
    return this.#session;
  }

  async #run(): Promise<void> {
    const pause = pauseUntil(this.#stop.signal);
    const retries = new Retries();
    let first = 0;
    while (!this.#isClosed) {
      const inOrder = [...this.#urls.slice(first), ...this.#urls.slice(0, first)];
      const session = await openFirst(inOrder, {
        onFault: (url, fault) => this.#failed(url, fault),
        onSlow: (url, fault) => this.#warn(url, fault, 'chain: a node is slow, another one is used'),
      });
      if (this.#isClosed) return session?.close();
      const began = performance.now();
      if (session !== undefined) {
        // After a loss the other nodes come first: the lost one may open again, and stand still again.
        first = (this.#urls.indexOf(session.url) + 1) % this.#urls.length;
        await this.#live(session.url, session);
      }
      await pause(retries.next(session === undefined ? 0 : performance.now() - began));
    }
  }

  async #live(url: string, session: ChainSession): Promise<void> {
    this.#session = session;
    this.#port.log.info({ chain: url }, 'chain: connected');
    // A later loss is logged, even when its fault is the same as before.
    this.#faults.delete(url);
    this.#detail = '';
    // Before anybody asks: what was cached while it was away may be old.
    this.#port.onGap();
    this.#up.resolve();
    this.#port.onState({ isUp: true, detail: '' });
    const ended = session.live({
      onTwin: (twin) => this.#port.onTwin(twin),
      onOddTwin: (twin, error) =>
        this.#port.log.warn({ twin, error }, 'chain: an event about a twin was not understood'),
      onGap: () => this.#port.onGap(),
      onTime: (ms) => this.#port.onTime?.(ms),
    });
    const failure = await ended.catch((error: unknown) => faultOf(error, url));
    this.#session = undefined;
    this.#up = Promise.withResolvers();
    this.#lostAt = performance.now();
    session.close();
    this.#failed(url, failure);
  }

  #failed(url: string, detail: string): void {
    if (this.#isClosed) return;
    this.#detail = detail;
    this.#warn(url, detail, 'chain: a node cannot be used, trying again');
    this.#port.onState({ isUp: false, detail });
  }

  #warn(url: string, detail: string, message: string): void {
    if (this.#faults.get(url) !== detail) this.#port.log.warn({ chain: url, detail }, message);
    this.#faults.set(url, detail);
  }
}

/** What was asked about. @throws why it is not known, for people */
function told<T>(what: string, answer: Result<T, string>): T {
  if (!answer.ok) throw new Error(`the chain said nothing about ${what}: ${answer.error}`);
  return answer.value;
}
