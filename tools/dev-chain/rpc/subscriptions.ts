import { z } from 'zod';
import type { Block } from '../ledger/blocks.ts';
import type { Chain } from '../ledger/chain.ts';
import { CODE, RpcError } from './json-rpc.ts';
import { changes, invalidTransaction, PARAMS, runtimeVersion } from './methods.ts';

const MAX_SUBSCRIPTIONS = 1024;
/** From "in block" to "finalized": with both at once, clients report only the second. */
const FINALIZE_MS = 200;

/** Subscribe method → the name of its notifications and of the method that ends it. */
const KINDS = {
  chain_subscribeNewHeads: { notification: 'chain_newHead', end: 'chain_unsubscribeNewHeads' },
  chain_subscribeNewHead: { notification: 'chain_newHead', end: 'chain_unsubscribeNewHead' },
  chain_subscribeAllHeads: { notification: 'chain_allHead', end: 'chain_unsubscribeAllHeads' },
  chain_subscribeFinalizedHeads: { notification: 'chain_finalizedHead', end: 'chain_unsubscribeFinalizedHeads' },
  state_subscribeRuntimeVersion: { notification: 'state_runtimeVersion', end: 'state_unsubscribeRuntimeVersion' },
  state_subscribeStorage: { notification: 'state_storage', end: 'state_unsubscribeStorage' },
  author_submitAndWatchExtrinsic: { notification: 'author_extrinsicUpdate', end: 'author_unwatchExtrinsic' },
} as const;
type Kind = keyof typeof KINDS;

const ENDS = new Set<string>(Object.values(KINDS).map(({ end }) => end));

/** The names of all methods that need a connection. */
export const SUBSCRIPTION_METHODS: readonly string[] = [...Object.keys(KINDS), ...ENDS];

function isKind(method: string): method is Kind {
  return Object.hasOwn(KINDS, method);
}

/** The subscriptions of one connection. */
export class Subscriptions {
  readonly #chain: Chain;
  readonly #send: (text: string) => void;
  readonly #ends = new Map<string, () => void>();
  #next = 1;
  #isClosed = false;

  constructor(chain: Chain, send: (text: string) => void) {
    this.#chain = chain;
    this.#send = send;
  }

  /** Returns whether this class handles the method. */
  handles(method: string): boolean {
    return isKind(method) || ENDS.has(method);
  }

  async call(method: string, params: readonly unknown[]): Promise<string | boolean> {
    if (!isKind(method)) return this.#end(z.string().parse(params[0]));
    if (this.#ends.size >= MAX_SUBSCRIPTIONS)
      throw new RpcError(CODE.request, `a connection has at most ${MAX_SUBSCRIPTIONS} subscriptions`);
    return this.#begin(method, params);
  }

  /** Ends all subscriptions when the connection closes. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends.values()) end();
    this.#ends.clear();
  }

  async #begin(kind: Kind, params: readonly unknown[]): Promise<string> {
    const id = `sub-${this.#next}`;
    this.#next += 1;
    const notify = (result: unknown) => {
      const { notification: method } = KINDS[kind];
      this.#send(JSON.stringify({ jsonrpc: '2.0', method, params: { subscription: id, result } }));
    };
    const end = await this.#source(kind, params, notify, () => this.#ends.delete(id));
    // The connection may have closed while a signature was verified.
    if (this.#isClosed) end();
    else this.#ends.set(id, end);
    return id;
  }

  /** Starts the source of a subscription. Its first value follows the answer with its id. */
  async #source(
    kind: Kind,
    params: readonly unknown[],
    notify: (result: unknown) => void,
    done: () => void,
  ): Promise<() => void> {
    switch (kind) {
      case 'author_submitAndWatchExtrinsic':
        return this.#watch(PARAMS.hex.parse(params[0]).toLowerCase(), notify, done);
      case 'state_subscribeRuntimeVersion':
        setImmediate(() => notify(runtimeVersion(this.#chain)));
        return () => undefined;
      case 'state_subscribeStorage': {
        const keys = PARAMS.keys.parse(params[0]);
        setImmediate(() => notify(changes(this.#chain.head, keys)));
        return this.#chain.onBlock((block) => {
          const changed = keys.filter((key) => block.state.changed.has(key));
          if (changed.length > 0) notify(changes(block, changed));
        });
      }
      default:
        setImmediate(() => notify(this.#chain.head.header));
        return this.#chain.onBlock((block) => notify(block.header));
    }
  }

  /** Submits an extrinsic and reports its progress; calls `done` after the last report. */
  async #watch(hex: string, notify: (result: unknown) => void, done: () => void): Promise<() => void> {
    let timer: NodeJS.Timeout | undefined;
    let hash: string | undefined;
    const settle = (block: Block) => {
      if (!block.extrinsics.some((each) => each.hash === hash)) return;
      stop();
      notify({ inBlock: block.hash });
      timer = setTimeout(() => {
        notify({ finalized: block.hash });
        done();
      }, FINALIZE_MS);
    };
    const stop = this.#chain.onBlock(settle);
    const submitted = await this.#chain.submit(hex);
    if (!submitted.ok) {
      stop();
      throw invalidTransaction(submitted.error);
    }
    hash = submitted.value.hash;
    setImmediate(() => notify('ready'));
    return () => {
      stop();
      clearTimeout(timer);
    };
  }

  #end(id: string): boolean {
    const end = this.#ends.get(id);
    end?.();
    return this.#ends.delete(id);
  }
}
