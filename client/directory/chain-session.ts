import { hashesOf, headerOf } from '../../proto/chain/block-answers.ts';
import { bytesOf } from '../../proto/chain/json-rpc.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import type { Dial } from '../session/socket.ts';
import { RpcSocket } from './rpc-socket.ts';
import { type Runtime, readRuntime } from './runtime.ts';
import { followTwins, type TwinNews } from './twin-news.ts';

/** Limit for a node to become usable, ms: it sends its metadata first. */
export const OPEN_MS = 12_000;
/** Limit for an answer, ms: later it is an error for the caller. */
const ANSWER_MS = 2_000;
/** Blocks come every 6 s: a node without one for this long has stalled, ms. */
const STALLED_MS = 30_000;
/** Consecutive unanswered questions that are no accident. */
const MOST_UNANSWERED = 3;
/** Interval of the checks of a node, ms. */
const JUDGE_MS = 5_000;

/** A session with one node, as long as the node works. */
export interface ChainSession {
  readonly url: string;
  /** Hash of block 0. */
  readonly genesis: string;
  /** Whether the chain has twins. */
  readonly isTfchain: boolean;
  /** Resolves with the node's answer within 2 s, or with what is wrong. */
  ask(method: string, params: readonly unknown[]): Promise<Result<unknown, string>>;
  /** Resolves with the bytes under a key at the best block; undefined if the key has none. */
  stored(key: string): Promise<Result<Uint8Array | undefined, string>>;
  /** Reports each new or changed twin. Resolves with what ended the session, for people. */
  live(news: TwinNews): Promise<string>;
  close(): void;
}

/**
 * Connects to a node. Returns what is wrong when it cannot be used.
 * @param openMs limit for the connection and the metadata
 * @param signal gives up before the session is open; an open session stays
 */
export async function openChainSession(
  dial: Dial,
  url: string,
  openMs = OPEN_MS,
  signal?: AbortSignal,
): Promise<Result<ChainSession, string>> {
  const socket = new RpcSocket(dial, url);
  const giveUp = () => socket.close();
  signal?.addEventListener('abort', giveUp);
  const late = Promise.withResolvers<Result<never, string>>();
  const timer = setTimeout(() => late.resolve(err('it did not become ready')), openMs);
  const greeted = await Promise.race([
    late.promise,
    socket.lost.then(err),
    socket.opened.then(() => greet(socket, openMs)),
  ]);
  clearTimeout(timer);
  signal?.removeEventListener('abort', giveUp);
  if (!greeted.ok) {
    socket.close();
    return greeted;
  }
  const { genesis, runtime } = greeted.value;
  const ask = (method: string, params: readonly unknown[]) => socket.ask(method, params, ANSWER_MS);
  return ok({
    url,
    genesis,
    isTfchain: runtime.table !== undefined,
    ask,
    stored: async (key) => {
      const answer = await ask('state_getStorage', [key]);
      return answer.ok ? bytesOf(answer.value) : answer;
    },
    live: (news) => live(socket, runtime, news),
    close: () => socket.close(),
  });
}

async function greet(socket: RpcSocket, ms: number): Promise<Result<{ genesis: string; runtime: Runtime }, string>> {
  const [first, runtime] = await Promise.all([socket.ask('chain_getBlockHash', [[0]], ms), readRuntime(socket, ms)]);
  if (!first.ok) return first;
  if (!runtime.ok) return runtime;
  const [genesis] = hashesOf(first.value, 1) ?? [];
  return typeof genesis === 'string' ? ok({ genesis, runtime: runtime.value }) : err('it has no block 0');
}

async function live(socket: RpcSocket, runtime: Runtime, news: TwinNews): Promise<string> {
  let heardAt = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const unwell = new Promise<string>((resolve) => {
    timer = setInterval(() => {
      const silence = performance.now() - heardAt;
      if (silence > STALLED_MS) resolve(`no block for ${STALLED_MS / 1000} s`);
      if (socket.unanswered >= MOST_UNANSWERED) resolve('it answers no questions');
    }, JUDGE_MS);
  });
  const heads = socket.subscribe('chain_subscribeNewHeads', [], 'chain_newHead', (head) => {
    if (headerOf(head) !== undefined) heardAt = performance.now();
  });
  const ended = await Promise.race([unwell, heads, followTwins(socket, runtime, news)]);
  clearInterval(timer);
  return ended;
}
