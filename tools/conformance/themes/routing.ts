import type { Address } from '../../../proto/envelope/address.ts';
import type { Envelope } from '../../../proto/envelope/envelope.ts';
import type { Case } from '../case.ts';
import { answerTo, firstBefore, passes, silenceAfter } from '../stage/dialogue.ts';
import { blank, request, response } from '../stage/envelopes.ts';
import type { Stage } from '../stage/stage.ts';
import type { Role } from '../stage/twins.ts';

const NOBODY = 999_999;

/** Returns a case about the answer to a request. */
function answered(
  [section, name, title]: readonly [string, string, string],
  to: (stage: Stage) => Address | undefined,
  reference: string,
  fields: Partial<Envelope> = {},
): Case {
  return {
    name,
    section,
    title,
    observe: async (stage) => {
      const session = await stage.open('caller');
      return answerTo(session, request(session.address, to(stage), fields));
    },
    reference,
  };
}

/** Returns a case that anything but a request gets no answer: a request that fails the same way proves it. */
function unanswered(
  [name, title]: readonly [string, string],
  to: (stage: Stage) => Address,
  make: (source: Address, destination: Address) => Envelope,
): Case {
  return {
    name,
    section: '6.11',
    title,
    observe: async (stage) => {
      const session = await stage.open('caller');
      const destination = to(stage);
      const marker = request(session.address, destination, { tags: 'fail-fast' });
      return silenceAfter(session, make(session.address, destination), marker);
    },
    reference: 'nothing',
  };
}

/** Returns a case that a twin connected here is served here, whatever the chain says. */
function connectedHere(role: Role, name: string, title: string): Case {
  return {
    name,
    section: '6.6',
    title,
    observe: async (stage) => {
      const [from, to] = [await stage.open('caller'), await stage.open(role)];
      return passes(from, to, request(from.address, to.address));
    },
    reference: 'the very bytes',
  };
}

const absent = (stage: Stage) => stage.absent('callee');
/** Like `absent`, where the rule does not depend on the twin. */
const away = (stage: Stage) => stage.absent('caller');
const unknown = () => ({ twin: NOBODY });
const FAIL_FAST = { tags: 'fail-fast' };
const failing = (content: Envelope['content']) => (source: Address, destination: Address) =>
  request(source, destination, { ...FAIL_FAST, content });

const destinations: readonly Case[] = [
  answered(['6.5', 'twin 0', 'a request to twin 0'], () => ({ twin: 0 }), 'error: message with missing destination'),
  answered(
    ['6.5', 'twin 0 with sid', 'a request to twin 0 with a connection'],
    () => ({ twin: 0, connection: 'x' }),
    'error: message with missing destination',
  ),
  answered(
    ['6.5', 'no destination', 'a request without destination'],
    () => undefined,
    'error: message with missing destination',
  ),
  answered(['6.7', 'unknown', 'a request to a twin that is not on chain'], unknown, 'error: unknown twin destination'),
  answered(
    ['6.7', 'unknown, fail-fast', 'the same with fail-fast: not offline, but unknown'],
    unknown,
    'error: unknown twin destination',
    FAIL_FAST,
  ),
  answered(
    ['6.7', 'no relay', 'a request to a twin without relay on chain'],
    (stage) => stage.absent('homeless'),
    'error: relay info is not set for this twin',
  ),
  answered(
    ['6.7', 'no relay, fail-fast', 'the same with fail-fast'],
    (stage) => stage.absent('homeless'),
    'error: relay info is not set for this twin',
    FAIL_FAST,
  ),
  answered(
    ['6.8', 'home among others', 'a twin that has this relay among others is at home here'],
    absent,
    'error: destination offline',
    FAIL_FAST,
  ),
  connectedHere('callee', 'connected', 'a connected session gets the same bytes'),
  connectedHere(
    'abroad',
    'connected, of another relay',
    'a twin of another relay that is connected here is served here',
  ),
  connectedHere('homeless', 'connected, without relay', 'a twin without relay that is connected here is served here'),
  {
    name: 'to itself',
    section: '6.6',
    title: 'a request to the session itself comes back',
    observe: async (stage) => {
      const session = await stage.open('caller');
      return passes(session, session, request(session.address, session.address));
    },
    reference: 'the very bytes',
  },
  {
    name: 'order',
    section: '6.6',
    title: 'envelopes from one session to another arrive in order',
    observe: async (stage) => {
      const [from, to] = [await stage.open('caller'), await stage.open('callee')];
      const sent = Array.from({ length: 300 }, () => request(from.address, to.address));
      for (const each of sent) from.send(each);
      for (const [place, { uid }] of sent.entries()) if ((await to.next()).uid !== uid) return `disorder at ${place}`;
      return 'in order';
    },
    reference: 'in order',
  },
];

const errors: readonly Case[] = [
  {
    name: 'form',
    section: '6.11',
    title: 'an error has uid, time, 300 s, destination and text, nothing else',
    observe: async (stage) => {
      const session = await stage.open('caller');
      const sent = request(session.address, { twin: 0 }, { schema: 's', tags: 't', signature: new Uint8Array(65) });
      session.send(sent);
      const { uid, timestamp, expiration, destination, content, relays, ...more } = await session.next();
      const isNow = Math.abs(Number(timestamp) - Date.now() / 1000) < 120;
      const others = Object.entries(more).filter(([, value]) => value !== undefined);
      return [
        uid === sent.uid,
        isNow ? 'now' : String(timestamp),
        Number(expiration),
        destination?.twin === session.address.twin && destination.connection === session.address.connection,
        content?.kind === 'error' && content.code,
        relays.length + others.length,
      ];
    },
    reference: [true, 'now', 300, true, 0, 0],
  },
  {
    name: 'without sid',
    section: '6.11',
    title: 'an error to a session without sid has none in its destination',
    observe: async (stage) => {
      const session = await stage.openAs('caller', undefined);
      session.send(request(session.address, { twin: 0 }));
      return (await session.next()).destination?.connection ?? 'none';
    },
    reference: 'none',
  },
  {
    name: 'only the asker',
    section: '6.11',
    title: 'an error goes to the session that asked, not to the twin’s others',
    observe: async (stage) => {
      const [asker, other] = [await stage.open('caller'), await stage.open('caller')];
      const answer = await answerTo(asker, request(asker.address));
      return [answer, await firstBefore(other, other, request(other.address, other.address))];
    },
    reference: ['error: message with missing destination', 'nothing'],
  },
  {
    name: 'no uid',
    section: '6.11',
    title: 'a request without uid is answered without uid',
    observe: async (stage) => {
      const session = await stage.open('caller');
      return answerTo(session, request(session.address, undefined, { uid: '' }));
    },
    reference: 'error: message with missing destination',
  },
  unanswered(['response', 'a response to an offline twin, fail-fast, is dropped'], away, (from, to) =>
    response(from, to, FAIL_FAST),
  ),
  unanswered(
    ['error', 'an error to an offline twin, fail-fast, is dropped'],
    away,
    failing({ kind: 'error', code: 5, message: 'x' }),
  ),
  unanswered(['response, unknown', 'a response to a twin that is not on chain is dropped'], unknown, response),
  unanswered(['says nothing', 'an envelope without content to a twin that is not on chain'], unknown, blank),
  unanswered(['response, twin 0', 'a response to twin 0 is dropped'], () => ({ twin: 0 }), response),
];

export const routing: readonly Case[] = [...destinations, ...errors];
