import { err, type Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import { hideSecrets } from '../config/mask.ts';
import type { Log } from '../ports.ts';
import type { PartState } from '../state.ts';
import { endsWithin, pauseUntil } from '../waiting.ts';
import { type ChainSession, openSession } from './chain-session.ts';
import { NO_TFCHAIN, twinById, twinIdOf } from './questions.ts';
import { Retries } from './retries.ts';
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
      throw new Error(textOf(error, url));
    }
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
    for (let turn = 0; !this.#isClosed; turn += 1) {
      const url = this.#urls[turn % this.#urls.length] ?? '';
      const began = performance.now();
      const isOpened = await this.#try(url);
      if (this.#isClosed) return;
      await pause(retries.next(isOpened ? performance.now() - began : 0));
    }
  }

  /** Lives with a node until it fails; whether it could be used before. */
  async #try(url: string): Promise<boolean> {
    try {
      const opened = await openTfchain(url);
      if (!opened.ok) this.#lost(url, opened.error);
      else if (this.#isClosed) opened.value.close();
      else await this.#live(url, opened.value);
      return opened.ok;
    } catch (error) {
      this.#lost(url, textOf(error, url));
      return false;
    }
  }

  async #live(url: string, session: ChainSession): Promise<void> {
    this.#session = session;
    this.#port.log.info({ chain: url }, 'chain: connected');
    // Whatever ends it is news, also when it is what ended the one before.
    this.#detail = '';
    // Before anybody asks: what was cached while it was away may be old.
    this.#port.onGap();
    this.#up.resolve();
    this.#port.onState({ isUp: true, detail: '' });
    const failure = await session.live({
      onTwin: (twin) => this.#port.onTwin(twin),
      onOddTwin: (twin, error) =>
        this.#port.log.warn({ twin, error }, 'chain: an event about a twin was not understood'),
      onGap: () => this.#port.onGap(),
    });
    this.#session = undefined;
    this.#up = Promise.withResolvers();
    this.#lostAt = performance.now();
    session.close();
    this.#lost(url, failure);
  }

  #lost(url: string, detail: string): void {
    if (this.#isClosed) return;
    const isNews = detail !== this.#detail;
    this.#detail = detail;
    if (isNews) this.#port.log.warn({ chain: url, detail }, 'chain: not connected, trying again');
    this.#port.onState({ isUp: false, detail });
  }
}

/** Connects to a node whose chain has twins: any other answers, and is of no use. */
async function openTfchain(url: string): Promise<Result<ChainSession, string>> {
  const opened = await openSession(url);
  if (!opened.ok || opened.value.isTfchain) return opened;
  opened.value.close();
  return err(NO_TFCHAIN);
}

/** What was asked about. @throws why it is not known, for people */
function told<T>(what: string, answer: Result<T, string>): T {
  if (!answer.ok) throw new Error(`the chain said nothing about ${what}: ${answer.error}`);
  return answer.value;
}

/** What a library threw: that may show the node's URL, and with it a key. */
function textOf(error: unknown, url: string): string {
  return hideSecrets(error instanceof Error ? error.message : String(error), [url]);
}
