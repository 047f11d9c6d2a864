import type { Envelope } from '../../../proto/envelope/envelope.ts';
import type { Case } from '../case.ts';
import { answerTo, firstBefore } from '../stage/dialogue.ts';
import { request } from '../stage/envelopes.ts';
import type { Stage } from '../stage/stage.ts';

/** Returns a case of a request with these tags to a session that is away. */
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

/** Returns a case of a request that is stored: nothing comes back, and the session gets it when it connects. */
function kept(name: string, title: string, fields: Partial<Envelope>): Case {
  return { name, section: '6.9', title, observe: (stage) => fate(stage, fields), reference: 'kept' };
}

async function fate(stage: Stage, fields: Partial<Envelope>): Promise<string> {
  const session = await stage.open('callee');
  const away = stage.absent('caller');
  const sent = request(session.address, away, fields);
  session.send(sent);
  // A request behind it fails the same way; its error must be the first answer.
  const marker = request(session.address, stage.absent('caller'), { tags: 'fail-fast' });
  session.send(marker);
  if ((await session.next()).uid !== marker.uid) return 'answered';
  const there = await stage.openAs('caller', away.connection);
  return (await there.next()).uid === sent.uid ? 'kept' : 'another envelope';
}

export const tags: readonly Case[] = [
  kept('none', 'without tags a request to an offline session is stored', {}),
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
