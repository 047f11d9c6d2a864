import type { Case } from '../case.ts';
import { passes, unlessEnded } from '../dialogue.ts';
import { request } from '../envelopes.ts';
import { ask, statusLine, upgradeHeaders } from '../http.ts';
import { withinSpan } from '../life.ts';
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
    name: 'three times',
    section: '6.12',
    title: 'a third connection within 10 s does not take the session over',
    observe: (stage) =>
      withinSpan(10_000, async () => {
        const sid = freshSid();
        const sessions = [];
        for (let n = 0; n < 3; n += 1) sessions.push(await stage.openAs('caller', sid));
        const [, second, third] = sessions;
        if (!second || !third) return 'no sessions';
        return [await alive(second), await alive(third)];
      }),
    // The first two have closed each other: the third is alone.
    reference: ['closed 1005', 'the very bytes'],
    meant: { seen: ['the very bytes', 'closed 4409 with a reason'], difference: 'second connection of one session' },
  },
];
