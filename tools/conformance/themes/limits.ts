import type { Case, Seen } from '../case.ts';
import { answerTo, said } from '../stage/dialogue.ts';
import { large, ping, request } from '../stage/envelopes.ts';
import type { Session } from '../stage/session.ts';
import type { Stage } from '../stage/stage.ts';

const MINUTE_MS = 60_000;
/** The parts of a case that vary here. */
const NEEDED_MS = 15_000;
const OVER = 'error: exceeded rate limits, dropping message';

const minuteNow = () => Math.floor(Date.now() / MINUTE_MS);
const nextMinute = () => new Promise((resolve) => setTimeout(resolve, MINUTE_MS - (Date.now() % MINUTE_MS)));

/** Windows are whole minutes of the clock: an observation counts if it began and ended in the same one. */
async function inOneMinute<T>(observe: () => Promise<T>): Promise<T> {
  if (MINUTE_MS - (Date.now() % MINUTE_MS) < NEEDED_MS) await nextMinute();
  for (;;) {
    const minute = minuteNow();
    const [outcome] = await Promise.allSettled([observe()]);
    if (minuteNow() !== minute) await nextMinute();
    else if (outcome.status === 'fulfilled') return outcome.value;
    else throw outcome.reason;
  }
}

function limitsOf({ subject }: Stage): { messages: number; bytes: number } {
  if (subject.limits === undefined) throw new Error('the limits of the relay are unknown: --limits MESSAGES,BYTES');
  return subject.limits;
}

/** Sends the limit of requests and `surplus` more from a session to itself, and counts the results. */
async function burst(session: Session, most: number, surplus: number): Promise<string> {
  for (let n = 0; n < most + surplus; n += 1) session.send(request(session.address, session.address));
  let [passed, refused] = [0, 0];
  for (let n = 0; n < most + surplus; n += 1) {
    const word = said(await session.next());
    if (word === OVER) refused += 1;
    else passed += 1;
  }
  return passed === most && refused === surplus ? 'the limit passed' : `${passed} passed, ${refused} refused`;
}

function limited(name: string, title: string, observe: Case['observe'], reference: Seen): Case {
  return {
    name,
    section: '6.2',
    title,
    observe: (stage) => inOneMinute(() => observe(stage)),
    reference,
  };
}

/** Each case has its own twin, because all sessions of a twin share its count of a minute. */
export const limits: readonly Case[] = [
  limited(
    'messages',
    'two requests over the limit get an error, and the session stays open',
    async (stage) => {
      const session = await stage.open('caller');
      const passed = await burst(session, limitsOf(stage).messages, 2);
      return [passed, await answerTo(session, request(session.address, session.address))];
    },
    ['the limit passed', OVER],
  ),
  limited(
    'pings',
    'pings count; over the limit they are silently dropped',
    async (stage) => {
      const session = await stage.open('callee');
      const { messages } = limitsOf(stage);
      for (let n = 0; n < messages + 2; n += 1) session.send(ping(session.address, { twin: 0 }));
      for (let n = 0; n < messages; n += 1) {
        const word = said(await session.next());
        if (word !== 'pong') return `${word} after ${n} pongs`;
      }
      return answerTo(session, request(session.address, session.address));
    },
    OVER,
  ),
  limited(
    'bytes',
    'bytes count: a single message may exceed the limit',
    async (stage) => {
      const session = await stage.open('homeless');
      return answerTo(session, large(session.address, session.address, limitsOf(stage).bytes));
    },
    OVER,
  ),
  limited(
    'another sid',
    'the count is the twin’s: another session of it is over the limit too',
    async (stage) => {
      const [one, other] = [await stage.open('abroad'), await stage.open('abroad')];
      await burst(one, limitsOf(stage).messages, 0);
      return answerTo(other, request(other.address, other.address));
    },
    OVER,
  ),
  limited(
    'first of all',
    'the limit is checked before the source',
    async (stage) => {
      const session = await stage.open('twofold');
      await burst(session, limitsOf(stage).messages, 0);
      return answerTo(session, request(stage.absent('callee'), { twin: 0 }));
    },
    OVER,
  ),
];
