import { WebSocket } from 'ws';
import { encodeCall, messagesOf } from '../../chain/json-rpc.ts';
import { err, type Result } from '../../proto/result.ts';

/** The live network's metadata takes 170 KB in hex, events of a full block less than 8 MB; nobody sends us more. */
const MAX_MESSAGE = 8 * 2 ** 20;

/** A node that hangs here is left a little later, when no block comes. */
const SUBSCRIBE_MS = 30_000;

type Outcome = Result<unknown, string>;

/** JSON-RPC over a WebSocket to one node, until either side leaves. Calls do not wait for each other. */
export class RpcSocket {
  /** Resolves when it can be asked. */
  readonly opened: Promise<void>;
  /** Resolves when it has ended, with why, for people. */
  readonly lost: Promise<string>;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  readonly #listeners = new Map<string, (result: unknown) => void>();
  #nextId = 1;
  #unanswered = 0;

  /** @throws when the URL is none that a WebSocket can have */
  constructor(url: string) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: MAX_MESSAGE });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.opened = promise;
    this.#socket.once('open', resolve);
    this.lost = this.#ended();
    this.#socket.on('message', (data) => this.#take(String(data)));
  }

  /** How many calls were in vain since the last that was answered in time. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** The result of a call, or what is wrong, for people. @param ms how long is waited for it */
  ask(method: string, params: readonly unknown[], ms: number): Promise<Outcome> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.resolve(err('the connection was lost'));
    const id = this.#nextId;
    this.#nextId += 1;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const timer = setTimeout(() => {
      this.#unanswered += 1;
      this.#settle(id, err(`no answer within ${ms / 1000} s`));
    }, ms);
    this.#waiting.set(id, (outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    });
    this.#socket.send(encodeCall({ method, params }, id));
    return promise;
  }

  /**
   * Lets the node tell by itself; there is one subscription at most of each kind. Resolves with what ended it, for
   * people.
   * @param notice the method that its notices have
   */
  async subscribe(
    method: string,
    params: readonly unknown[],
    notice: string,
    listener: (result: unknown) => void,
  ): Promise<string> {
    this.#listeners.set(notice, listener);
    const begun = await this.ask(method, params, SUBSCRIBE_MS);
    return begun.ok ? this.lost : `${method}: ${begun.error}`;
  }

  /** Ends it without waiting: a node that hangs would not take leave. */
  close(): void {
    this.#socket.terminate();
  }

  async #ended(): Promise<string> {
    let what = 'it cannot be connected to';
    this.#socket.once('open', () => {
      what = 'the connection was lost';
    });
    let why = '';
    this.#socket.on('error', (error) => {
      why = causeOf(error);
    });
    await new Promise((resolve) => this.#socket.once('close', resolve));
    const fault = what + why;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, err(fault));
    return fault;
  }

  #take(text: string): void {
    for (const message of messagesOf(text)) {
      if (message.kind === 'answer') this.#answered(message.id, message.outcome);
      else if (message.kind === 'notice') this.#listeners.get(message.method)?.(message.result);
    }
  }

  #answered(id: number, outcome: Outcome): void {
    if (this.#waiting.has(id)) this.#unanswered = 0;
    this.#settle(id, outcome);
  }

  #settle(id: number, outcome: Outcome): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.(outcome);
  }
}

/** What was the matter, in brackets: never an error's own text, which may quote the URL, and with it a key. */
function causeOf(error: Error): string {
  const status = /^Unexpected server response: (\d+)$/.exec(error.message)?.[1];
  if (status !== undefined) return ` (HTTP ${status})`;
  return 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
}
