import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { Envelope } from '../../../proto/envelope/envelope.ts';
import type { Identity } from '../../../proto/identity.ts';
import { type LedgerClient, openLedgerClient } from './ledger-client.ts';

/** A twin and the relay at which it connects. */
export interface Placed {
  readonly twin: number;
  readonly identity: Identity;
  readonly url: string;
}

/** The outcome of the requests of one load. */
export interface EchoReport {
  readonly answered: number;
  /** Requests for which an error came, by its text. */
  readonly errors: Readonly<Record<string, number>>;
  /** Requests for which nothing came, by uid. */
  readonly lost: readonly string[];
  /** Uids of envelopes with a wrong source or destination, or for a request that was never sent. */
  readonly strays: readonly string[];
  /** The number of requests that were sent once and that the service saw more than once. */
  readonly repeated: number;
  /** The number of answers to such requests that were sent once and arrived more than once. */
  readonly repeatedAnswers: number;
  /** The number of requests and answers that their sender repeated because their delivery was unknown. */
  readonly resent: number;
}

/** A caller that sends requests to a service, and keeps the books. */
export interface EchoLoad extends AsyncDisposable {
  /** Requests that have been answered or refused. */
  readonly done: number;
  /** Resolves when so many requests have been answered or refused, or no more will be. */
  reached(count: number): Promise<void>;
  /** Resolves once each request has an answer or an error, or `patienceMs` have passed without any. */
  readonly settled: Promise<EchoReport>;
}

/**
 * Sends `count` requests from one twin to another, which answers each; at most `window` wait for their answer.
 * @param ttl seconds that a request lives
 */
export function startEchoLoad(
  caller: Placed,
  service: Placed,
  { count, window, ttl, patienceMs }: { count: number; window: number; ttl: number; patienceMs: number },
): EchoLoad {
  const open = new Set<string>();
  const asked = new Set<string>();
  const seen = new Map<string, number>();
  const answers = new Map<string, number>();
  const errors: Record<string, number> = {};
  const strays: string[] = [];
  const settled = Promise.withResolvers<EchoReport>();
  const progress = new EventEmitter();
  let failed = 0;
  let timer: NodeJS.Timeout | undefined;

  const server: LedgerClient = openLedgerClient(service.url, service, caller.twin, (request) => {
    if (request.source?.twin !== caller.twin || request.destination?.twin !== service.twin) strays.push(request.uid);
    if (request.content?.kind !== 'request') return;
    seen.set(request.uid, (seen.get(request.uid) ?? 0) + 1);
    void server.send({ ...envelope(request.uid, service, caller, ttl), content: { kind: 'response' } });
  });

  const client: LedgerClient = openLedgerClient(caller.url, caller, service.twin, (answer) => {
    const { content, uid } = answer;
    const from = answer.source?.twin ?? 0;
    const isError = content?.kind === 'error';
    if (!asked.has(uid) || answer.destination?.twin !== caller.twin || (!isError && from !== service.twin)) {
      strays.push(uid);
      return;
    }
    if (isError) errors[content.message] = (errors[content.message] ?? 0) + 1;
    else answers.set(uid, (answers.get(uid) ?? 0) + 1);
    if (!open.delete(uid)) return;
    if (isError) failed += 1;
    progress.emit('done');
    watch();
    more();
  });

  const report = (): EchoReport => ({
    answered: answers.size,
    errors,
    lost: [...open],
    strays,
    repeated: [...seen].filter(([uid, times]) => times > 1 && !client.resent.has(uid)).length,
    repeatedAnswers: [...answers].filter(([uid, times]) => times > 1 && seen.get(uid) === 1 && !server.resent.has(uid))
      .length,
    resent: client.resent.size + server.resent.size,
  });
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => settled.resolve(report()), patienceMs);
  };
  const more = () => {
    while (asked.size < count && open.size < window) {
      const uid = randomUUID();
      asked.add(uid);
      open.add(uid);
      void client.send({ ...envelope(uid, caller, service, ttl), content: { kind: 'request', command: 'echo' } });
    }
    if (open.size > 0) return;
    clearTimeout(timer);
    settled.resolve(report());
  };
  let isSettled = false;
  void settled.promise.then(() => {
    isSettled = true;
  });
  watch();
  more();
  return {
    get done() {
      return answers.size + failed;
    },
    reached: async (wanted) => {
      const next = () => Promise.race([once(progress, 'done'), settled.promise]);
      while (asked.size - open.size < wanted && !isSettled) await next();
    },
    settled: settled.promise,
    [Symbol.asyncDispose]: async () => {
      clearTimeout(timer);
      await Promise.all([client[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
    },
  };
}

function envelope(uid: string, from: Placed, to: Placed, ttl: number): Envelope {
  return {
    uid,
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
    expiration: BigInt(ttl),
    source: { twin: from.twin },
    destination: { twin: to.twin },
    payload: { kind: 'plain', bytes: new TextEncoder().encode('hello') },
    relays: [],
  };
}
