import { z } from 'zod';
import type { Oracle } from '../oracle.ts';
import { openLasting } from './once.ts';

const TICK_MS = 10;
/** After a pause of Redis the missed requests are not made up for: they would be a flood, which is another fault. */
const MOST_MISSED_MS = 100;
/** The peer keeps the newest 10,000 replies of a list, so one list is too short for a long fault. */
const REPLY_LISTS = 16;
const PAYLOAD_CHARACTERS = 256;

const reply = z.object({
  ref: z.string().nullable(),
  dat: z.string(),
  err: z.object({ code: z.number(), message: z.string() }).nullable(),
});

/** A program that sends requests at a fixed rate, whatever becomes of them. */
export interface Caller extends AsyncDisposable {
  /** Sends no more; resolves when the last request is in Redis. Replies are still taken. */
  stop(): Promise<void>;
}

/** Where and how a caller sends. */
export interface CallerOptions {
  readonly redisUrl: string;
  readonly callee: number;
  readonly command: string;
  /** Requests a second. */
  readonly rate: number;
  /** Seconds that a request lives. */
  readonly ttl: number;
}

/** Starts one; the oracle gets each request that Redis took, and each entry that came for one. */
export async function startCaller(options: CallerOptions, oracle: Oracle): Promise<Caller> {
  const { redisUrl, callee, command, rate, ttl } = options;
  const redis = await openLasting(redisUrl, `${command}.caller`);
  const lists = Array.from({ length: REPLY_LISTS }, (_, n) => `${command}.replies.${n}`);
  redis.takeAll(lists, (entries) => {
    for (const entry of entries) record(entry, oracle);
    return [];
  });

  const entryOf = (ref: string, number: number) => {
    const dat = Buffer.from(payloadOf(ref)).toString('base64');
    const ret = lists[number % lists.length];
    const now = Math.floor(Date.now() / 1000);
    return JSON.stringify({ ver: 1, ref, cmd: command, exp: ttl, dat, dst: [callee], ret, now });
  };
  let isStopped = false;
  const sending = (async () => {
    let last = Date.now();
    let owed = 0;
    for (let number = 0; !isStopped; ) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      const now = Date.now();
      owed += (Math.min(now - last, MOST_MISSED_MS) * rate) / 1000;
      last = now;
      const batch = Array.from({ length: Math.floor(owed) }, () => {
        number += 1;
        return { ref: `${command}.${number}`, number };
      });
      if (batch.length === 0) continue;
      owed -= batch.length;
      // A reply may come before Redis has told that it took the request.
      for (const { ref } of batch) oracle.sent(ref, now);
      const entries = batch.map((each) => entryOf(each.ref, each.number));
      if (!(await redis.push('msgbus.system.local', entries))) return;
    }
  })();
  const stop = async () => {
    isStopped = true;
    await sending;
  };
  return {
    stop,
    [Symbol.asyncDispose]: async () => {
      isStopped = true;
      await redis[Symbol.asyncDispose]();
      await sending;
    },
  };
}

/** Returns the payload of a request, by which the service's side knows it. */
function payloadOf(ref: string): string {
  return ref.padEnd(PAYLOAD_CHARACTERS, '.');
}

/** Returns the ref of a request by its payload. */
export function refOf(payload: string): string {
  return payload.replace(/\.+$/, '');
}

function record(entry: string, oracle: Oracle): void {
  const { ref, dat, err } = reply.parse(JSON.parse(entry));
  const isEcho = ref !== null && Buffer.from(dat, 'base64').toString() === payloadOf(ref);
  if (err !== null) oracle.failed(ref ?? 'no ref', err.message);
  else oracle.answered(isEcho ? ref : `${ref} with another payload`, Date.now());
}
