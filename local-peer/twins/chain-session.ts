import { hashesOf, headerOf } from '../../chain/block-answers.ts';
import { bytesOf } from '../../chain/json-rpc.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import { RpcSocket } from './rpc-socket.ts';
import { type Runtime, readRuntime } from './runtime.ts';
import { followTwins, type TwinNews } from './twin-news.ts';

/** A node has this long to become usable: it sends its metadata first. */
export const OPEN_MS = 12_000;
/** A question that is not answered in this time is an error for whoever waits, ms. */
const ANSWER_MS = 2_000;
/** A block comes every 6 s; a node that tells of none for this long stands still. */
const STALLED_MS = 30_000;
/** So many questions in vain, one after the other, are no accident. */
const MOST_UNANSWERED = 3;
/** How often a node is judged, ms. */
const JUDGE_MS = 5_000;

/** One node, for as long as it is well. */
export interface ChainSession {
  readonly url: string;
  /** Hash of block 0. */
  readonly genesis: string;
  /** Whether it has twins. */
  readonly isTfchain: boolean;
  /** What the node answers within 2 s. */
  ask(method: string, params: readonly unknown[]): Promise<Result<unknown, string>>;
  /** The bytes under a key at its best block; undefined where there are none. */
  stored(key: string): Promise<Result<Uint8Array | undefined, string>>;
  /** Tells of each twin that is new or changed; resolves with what ended it, for people. */
  live(news: TwinNews): Promise<string>;
  close(): void;
}

/**
 * Connects to a node; what is wrong, when it cannot be used.
 * @param openMs how long that may take
 * @param signal gives up before the session is open; an open session stays
 */
export async function openSession(
  url: string,
  openMs = OPEN_MS,
  signal?: AbortSignal,
): Promise<Result<ChainSession, string>> {
  // A fragment is told to no server, and the library refuses it.
  const socket = new RpcSocket(url.replace(/#.*/, ''));
  const giveUp = () => socket.close();
  signal?.addEventListener('abort', giveUp);
  const greeted = await Promise.race([
    after(openMs, err('it did not become ready')),
    socket.lost.then(err),
    socket.opened.then(() => greet(socket, openMs)),
  ]);
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
  let timer: NodeJS.Timeout | undefined;
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

/** Resolves to `value` after `ms`; keeps no process alive. */
function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms).unref());
}
