import type { Envelope } from '../../proto/envelope.ts';
import type { Case } from '../case.ts';
import { answerTo, firstBefore } from '../dialogue.ts';
import { request } from '../envelopes.ts';
import type { Stage } from '../stage.ts';

/** What a request with these tags to a session that is away is answered. */
function failing(name: string, title: string, tags: string): Case {
  return {
    name,
    section: '6.9',
    title,
    observe: async (stage) => {
      const session = await stage.open('callee');
      session.send(request(session.address, stage.absent('caller'), { tags }));
      return firstBefore(session, session, request(session.address, stage.absent('caller'), { tags: 'fail-fast' }));
    },
    reference: 'error: destination offline',
  };
}

/** A request that is kept: nothing comes back, and the session finds it when it connects. */
function kept(name: string, title: string, fields: Partial<Envelope>): Case {
  return { name, section: '6.9', title, observe: (stage) => fate(stage, fields), reference: 'kept' };
}

async function fate(stage: Stage, fields: Partial<Envelope>): Promise<string> {
  const session = await stage.open('callee');
  const away = stage.absent('caller');
  const sent = request(session.address, away, fields);
  session.send(sent);
  // Behind it, the same way: an error that must be the first thing to come back.
  const marker = request(session.address, stage.absent('caller'), { tags: 'fail-fast' });
  session.send(marker);
  if ((await session.next()).uid !== marker.uid) return 'answered';
  const there = await stage.openAs('caller', away.connection);
  return (await there.next()).uid === sent.uid ? 'kept' : 'another envelope';
}

export const tags: readonly Case[] = [
  kept('none', 'without tags a request to an offline session is kept', {}),
  failing('fail-fast', 'with fail-fast it is refused at once', 'fail-fast'),
  failing('by comma', 'fail-fast behind a comma counts', 'x,fail-fast'),
  failing('by space', 'fail-fast between white space counts', 'x \tfail-fast\ny'),
  failing('by both', 'fail-fast behind a comma and white space counts', 'x,\tfail-fast y'),
  kept('case', 'Fail-Fast is another tag', { tags: 'Fail-Fast' }),
  kept('within', 'xfail-fast is another tag', { tags: 'xfail-fast' }),
  {
    name: 'another session',
    section: '6.9',
    title: 'a twin that is connected with another sid is offline for this one',
    observe: async (stage) => {
      const [session, other] = [await stage.open('callee'), await stage.open('caller')];
      const answer = await answerTo(session, request(session.address, stage.absent('caller'), { tags: 'fail-fast' }));
      const marker = request(session.address, other.address);
      session.send(marker);
      return [answer, (await other.next()).uid === marker.uid ? 'the other gets nothing' : 'the other gets it'];
    },
    reference: ['error: destination offline', 'the other gets nothing'],
  },
];
