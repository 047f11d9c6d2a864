import type { Case } from '../case.ts';
import { passes, unlessEnded } from '../dialogue.ts';
import { request } from '../envelopes.ts';
import { ask, statusLine, upgradeHeaders } from '../http.ts';
import type { Session } from '../session.ts';
import { freshSid, type Stage } from '../stage.ts';

/** Sends each session a request of its own; whether each is the first thing that it gets. */
async function eachItsOwn(stage: Stage, sessions: readonly Session[]): Promise<string> {
  const from = await stage.open('callee');
  const sent = sessions.map(({ address }) => request(from.address, address));
  for (const each of sent) from.send(each);
  for (const [place, session] of sessions.entries()) {
    if ((await session.next()).uid !== sent[place]?.uid) return `session ${place} got another’s`;
  }
  return 'each its own';
}

function usable(name: string, title: string, sidOf: () => string): Case {
  return {
    name,
    section: '6.12',
    title,
    observe: async (stage) => {
      const session = await stage.openAs('caller', sidOf());
      return passes(session, session, request(session.address, session.address));
    },
    reference: 'the very bytes',
  };
}

/** By then a relay has heard the answers of two connections that lost the session. */
const MOST_SWITCHES = 10;

/** Whether a session still is there: a request to itself comes back, or its connection ends. */
const alive = (session: Session) =>
  unlessEnded(session, passes(session, session, request(session.address, session.address)));

export const sids: readonly Case[] = [
  {
    name: '"" and none',
    section: '6.12',
    title: 'the empty sid and no sid are two sessions, live at once',
    observe: async (stage) =>
      eachItsOwn(stage, [await stage.openAs('caller', undefined), await stage.openAs('caller', '')]),
    reference: 'each its own',
  },
  {
    name: 'several',
    section: '6.12',
    title: 'sessions with different sids are live at once',
    observe: async (stage) =>
      eachItsOwn(stage, [await stage.open('caller'), await stage.open('caller'), await stage.open('caller')]),
    reference: 'each its own',
  },
  usable('any letters', 'a sid may hold any characters', () => `${freshSid()} ü€ &?#%/=:"\\`),
  usable('1,024 bytes', 'a sid of 1,024 bytes', () => freshSid().padEnd(1024, 'x')),
  {
    name: '1,025 bytes',
    section: '6.12',
    title: 'a sid of more than 1,024 bytes',
    observe: async (stage) => {
      const token = await stage.token('caller', freshSid().padEnd(1025, 'x'));
      return statusLine(await ask(stage.subject, { path: `/?${token}`, headers: upgradeHeaders() }), 'sid').slice(0, 3);
    },
    reference: '101',
    meant: { seen: '401', difference: 'sid over 1,024 bytes' },
  },
  {
    name: 'twice',
    section: '6.12',
    title: 'a second connection of one session: the newer stays',
    observe: async (stage) => {
      const sid = freshSid();
      const [elder, newer] = [await stage.openAs('caller', sid), await stage.openAs('caller', sid)];
      const { code } = await elder.ended();
      return [`closed ${code}`, await alive(newer)];
    },
    reference: ['closed 1005', 'closed 1005'],
    meant: { seen: ['closed 4409', 'the very bytes'], difference: 'second connection of one session' },
  },
  {
    name: 'silent',
    section: '6.12',
    title: 'connections that never answer their close are no rivals: the newer one wins, however often',
    observe: async (stage) => {
      const sid = freshSid();
      const silent: Session[] = [];
      for (let n = 0; n < 4; n += 1) {
        const session = await stage.openAs('caller', sid);
        session.socket.pause();
        silent.push(session);
      }
      const seen = await alive(await stage.openAs('caller', sid));
      for (const { socket } of silent) socket.terminate();
      return seen;
    },
    // Of two the Rust relay closes both, so that the last one, which is odd, is alone.
    reference: 'the very bytes',
  },
  {
    name: 'duel',
    section: '6.12',
    title: 'connections that answer their close, and take the session from each other: the newer one is refused',
    observe: async (stage) => {
      const sid = freshSid();
      let holder = await stage.openAs('caller', sid);
      for (let switches = 0; switches < MOST_SWITCHES; switches += 1) {
        const newcomer = await stage.openAs('caller', sid);
        const seen = await alive(newcomer);
        if (seen !== 'the very bytes')
          return [switches > 1, seen, (await newcomer.ended()).reason, await alive(holder)];
        await holder.ended();
        holder = newcomer;
      }
      return 'never refused';
    },
    reference: [false, 'closed 1005', '', 'closed 1005'],
    meant: {
      seen: [true, 'closed 4409 with a reason', 'session used by another program', 'the very bytes'],
      difference: 'second connection of one session',
    },
  },
];
