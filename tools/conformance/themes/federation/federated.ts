import type { Case } from '../../case.ts';
import { answerTo, firstBefore } from '../../stage/dialogue.ts';
import { request, response } from '../../stage/envelopes.ts';
import type { Session } from '../../stage/session.ts';
import type { Stage } from '../../stage/stage.ts';
import type { Role } from '../../stage/twins.ts';

/** Opens a session at the second relay, where its twin is at home. */
async function openThere(stage: Stage, sid = stage.absent('federated').connection): Promise<Session> {
  const { otherWsUrl } = stage.subject;
  if (otherWsUrl === undefined) throw new Error('there is no second relay: --federated-with URL');
  return stage.openAs('federated', sid, otherWsUrl);
}

/** Sends a signed request from one session to the other. Resolves with whether it arrives next there. */
async function crosses(
  stage: Stage,
  role: Role,
  from: Session,
  to: Session,
  make: typeof request | typeof response = request,
): Promise<string> {
  return firstBefore(from, to, await stage.signed(role, make(from.address, to.address)));
}

/** Cases between this relay and another real one, each the home of one twin. */
export const federated: readonly Case[] = [
  {
    name: 'there and back',
    section: '7.2',
    title: 'a request reaches a twin of the other relay, and its response comes back',
    observe: async (stage) => {
      const [here, there] = [await stage.open('caller'), await openThere(stage)];
      return [await crosses(stage, 'caller', here, there), await crosses(stage, 'federated', there, here, response)];
    },
    reference: ['nothing', 'nothing'],
  },
  {
    name: 'kept there',
    section: '7.2',
    title: 'a request for a session that is away there is stored there',
    observe: async (stage) => {
      const here = await stage.open('caller');
      const away = stage.absent('federated');
      const sent = await stage.signed('caller', request(here.address, away));
      here.send(sent);
      const there = await openThere(stage, away.connection);
      return (await there.next()).uid === sent.uid ? 'there' : 'another';
    },
    reference: 'there',
  },
  {
    name: 'offline there',
    section: '7.2',
    title: 'fail-fast to a session that is away there',
    observe: async (stage) => {
      const here = await stage.open('caller');
      const sent = request(here.address, stage.absent('federated'), { tags: 'fail-fast' });
      return answerTo(here, await stage.signed('caller', sent));
    },
    reference: 'error: remote relay rejected permanently: destination offline',
  },
];
