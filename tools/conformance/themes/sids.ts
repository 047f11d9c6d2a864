import type { Case } from '../case.ts';
import { passes, unlessEnded } from '../stage/dialogue.ts';
import { request } from '../stage/envelopes.ts';
import { ask, statusLine, upgradeHeaders } from '../stage/http.ts';
import type { Session } from '../stage/session.ts';
import { freshSid, type Stage } from '../stage/stage.ts';

/** Sends each session its own request. Resolves with whether each one arrives first at its session. */
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

/** By then the relay received the answers of two connections that lost the session. */
const MOST_SWITCHES = 10;

/** Resolves with whether a session is still there: a request to itself returns, or its connection ends. */
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
    intended: { seen: '401', difference: 'sid over 1,024 bytes' },
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
    intended: { seen: ['closed 4409', 'the very bytes'], difference: 'second connection of one session' },
  },
  {
    name: 'silent',
    section: '6.12',
    title: 'the newer connection always wins over those that never answer their close',
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
    // The Rust relay closes both of two connections, so the last of an odd number stays.
    reference: 'the very bytes',
  },
  {
    name: 'duel',
    section: '6.12',
    title: 'the newer one of two live connections in a duel is refused',
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
    intended: {
      seen: [true, 'closed 4409 with a reason', 'session used by another program', 'the very bytes'],
      difference: 'second connection of one session',
    },
  },
];
