import type { Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import type { Log, PartState } from '../ports.ts';
import type { Dial } from '../session/socket.ts';
import { endsWithin, pauseUntil } from '../session/waiting.ts';
import type { ChainSession } from './chain-session.ts';
import { faultOf, openFirst } from './open-first.ts';
import { twinById, twinIdOf } from './questions.ts';
import { Retries } from './retries.ts';
import { askSecondNode } from './second-node.ts';

/** After a loss, questions wait this long for the chain before they fail, ms. */
const GRACE_MS = 2_000;

/** Source of twins. Methods reject, in words for people, when it does not answer. */
export interface TwinSource {
  /** Resolves with a twin; undefined if there is no such twin. */
  twin(id: number): Promise<Twin | undefined>;
  /** Resolves with the id of an account's twin; undefined if it has none. */
  twinIdOf(account: Uint8Array): Promise<number | undefined>;
}

/** Where a chain connection reports. */
export interface ChainPort {
  readonly dial: Dial;
  onState(state: PartState): void;
  /** A block has a new or changed twin. */
  onTwin(twin: Twin): void;
  /** Blocks may have been missed: known twins may be stale. */
  onGap(): void;
  /** Receives the time of the best block, Unix ms. */
  onTime?(ms: number): void;
  readonly log: Log;
}

/** Stays connected to one of several nodes, and goes to the next when it fails or stalls, until `close`. */
export class ChainConnection implements TwinSource {
  readonly #urls: readonly string[];
  readonly #port: ChainPort;
  #session: ChainSession | undefined;
  #up = Promise.withResolvers<void>();
  #lostAt = performance.now();
  #detail = 'not connected yet';
  /** URL → last logged fault: the same fault is logged once. */
  readonly #faults = new Map<string, string>();
  readonly #stop = new AbortController();

  constructor(urls: readonly string[], port: ChainPort) {
    this.#urls = urls;
    this.#port = port;
    void this.#run();
  }

  async twin(id: number): Promise<Twin | undefined> {
    return answered(`twin ${id}`, await twinById(await this.#here(), id));
  }

  async twinIdOf(account: Uint8Array): Promise<number | undefined> {
    return answered('the twin of this account', await twinIdOf(await this.#here(), account));
  }

  /** Resolves with the URL of the connected node. Rejects when no node is connected. */
  async node(): Promise<string> {
    return (await this.#here()).url;
  }

  /** Resolves with another node's record of a twin; undefined when no other node answers. */
  async secondOpinion(id: number): Promise<{ readonly twin: Twin | undefined } | undefined> {
    const { url: here, genesis } = await this.#here();
    for (const url of this.#urls.filter((each) => each !== here)) {
      const answer = await askSecondNode(this.#port.dial, url, genesis, id);
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

  /** Resolves with the session of the connected node. Waits for it after a loss. */
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
      const tell = {
        onFault: (url: string, fault: string) => this.#failed(url, fault),
        onSlow: (url: string, fault: string) => this.#warn(url, fault, 'chain: a node is slow, another one is used'),
      };
      const session = await openFirst(this.#port.dial, inOrder, tell, this.#stop.signal);
      if (this.#isClosed) return session?.close();
      const began = performance.now();
      if (session !== undefined) {
        // After a loss the other nodes come first: the lost one may open again, and stall again.
        first = (this.#urls.indexOf(session.url) + 1) % this.#urls.length;
        await this.#live(session.url, session);
      }
      await pause(retries.next(session === undefined ? 0 : performance.now() - began));
    }
  }

  async #live(url: string, session: ChainSession): Promise<void> {
    this.#session = session;
    this.#port.log.info({ chain: url }, 'chain: connected');
    // Log a later loss, even with the same fault as before.
    this.#faults.delete(url);
    this.#detail = '';
    // Before anybody asks: twins may have changed while the chain was away.
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

/** Returns the answer. Throws an error for people when the node gave none. */
function answered<T>(what: string, answer: Result<T, string>): T {
  if (!answer.ok) throw new Error(`the chain said nothing about ${what}: ${answer.error}`);
  return answer.value;
}
