import { encodeCall, messagesOf } from '../../proto/chain/json-rpc.ts';
import { err, type Result } from '../../proto/result.ts';
import type { Dial, Loss, Socket } from '../session/socket.ts';

/** The live network's metadata takes 170 KB in hex, events of a full block less than 8 MB: a node sends no more, bytes. */
const MAX_MESSAGE = 8 * 2 ** 20;

/** A node that does not answer a subscription is left a little later, when no block comes. */
const SUBSCRIBE_MS = 30_000;

type Outcome = Result<unknown, string>;

/** JSON-RPC over a WebSocket to one node, until either side ends it. Calls do not wait for each other. */
export class RpcSocket {
  /** Resolves when the node can be asked. */
  readonly opened: Promise<void>;
  /** Resolves when the socket has ended, with the reason for people. */
  readonly lost: Promise<string>;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  readonly #listeners = new Map<string, (result: unknown) => void>();
  #state: 'connecting' | 'open' | 'lost' = 'connecting';
  #nextId = 1;
  #unanswered = 0;

  /** @param url may end in a fragment, which no server sees. @throws when it is no URL of a WebSocket */
  constructor(dial: Dial, url: string) {
    const opened = Promise.withResolvers<void>();
    const lost = Promise.withResolvers<string>();
    this.opened = opened.promise;
    this.lost = lost.promise;
    const port = {
      onOpen: () => {
        this.#state = 'open';
        opened.resolve();
      },
      onMessage: (message: Uint8Array | string) => {
        if (typeof message === 'string') this.#take(message);
      },
      onLost: (loss: Loss) => lost.resolve(this.#ended(loss)),
    };
    this.#socket = dial(url.replace(/#.*/, ''), port, { maxBytes: MAX_MESSAGE });
  }

  /** Calls in vain since the last one that was answered in time. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Returns the result of a call, or what is wrong, for people. @param ms limit for the answer */
  ask(method: string, params: readonly unknown[], ms: number): Promise<Outcome> {
    if (this.#state !== 'open') return Promise.resolve(err('the connection was lost'));
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
    // A socket that breaks meanwhile ends every call.
    void this.#socket.send(encodeCall({ method, params }, id));
    return promise;
  }

  /**
   * Subscribes to news of the node; at most one subscription of each kind. Resolves with what ended it, for people.
   * @param notice the method of its notices
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

  /** Ends the socket at once: a node that hangs would not answer a close. */
  close(): void {
    this.#socket.terminate();
  }

  #ended({ cause }: Loss): string {
    const what = this.#state === 'connecting' ? 'it cannot be connected to' : 'the connection was lost';
    this.#state = 'lost';
    // Only the short cause: a detail may quote the URL, and with it a key.
    const fault = cause === undefined ? what : `${what} (${cause})`;
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
