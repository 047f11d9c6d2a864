import type { Case } from '../case.ts';
import type { Difference } from '../differences.ts';
import { answerTo } from '../stage/dialogue.ts';
import { ping } from '../stage/envelopes.ts';
import { ask, JSON_FORM, upgradeHeaders } from '../stage/http.ts';
import { withLife } from '../stage/life.ts';
import { freshSid, type Stage, unixNow } from '../stage/stage.ts';
import { claimsOf, tokenOf, upgrade } from '../stage/tokens.ts';
import { ROLES } from '../stage/twins.ts';

/** Returns a case of an upgrade that is refused for its form, with the Rust relay's line. */
function refused(
  [section, name, title]: readonly [string, string, string],
  [status, text]: readonly [number, string],
  observe: (stage: Stage) => Promise<string>,
): Case {
  const intended = { seen: `${status} ${JSON_FORM}`, difference: 'refusals over HTTP' } as const;
  return { name, section, title, observe, reference: `${status} ${text}`, intended };
}

const NO_KEY = 'No "Sec-WebSocket-Key" header';
const NO_VERSION = 'No "Sec-WebSocket-Version: 13" header';

async function withHeaders(stage: Stage, headers: object, text: string): Promise<string> {
  return upgrade(stage, `/?${await stage.token('caller')}`, headers, 'GET', text);
}

const refusals: readonly Case[] = [
  refused(['5.1', 'no query', 'an upgrade without a query'], [400, 'missing jwt'], (stage) =>
    upgrade(stage, '/', {}, 'GET', 'missing jwt'),
  ),
  refused(['5.3', 'no key', 'a handshake without sec-websocket-key'], [500, NO_KEY], (stage) =>
    withHeaders(stage, { 'sec-websocket-key': undefined }, NO_KEY),
  ),
  refused(['5.3', 'version 12', 'a handshake of version 12'], [500, NO_VERSION], (stage) =>
    withHeaders(stage, { 'sec-websocket-version': '12' }, NO_VERSION),
  ),
];

/** Returns a case of an upgrade that is accepted. */
function taken(
  [name, title]: readonly [string, string],
  observe: Case['observe'],
  intended?: { seen: string; difference: Difference },
): Case {
  return { name, section: '5.1', title, observe, reference: '101', ...(intended && { intended }) };
}

/** Tries again when the token's only second is over before the relay checked it. */
async function inItsLastSecond(stage: Stage): Promise<string> {
  for (;;) {
    const exp = unixNow();
    const { token } = await tokenOf(stage, { ...claimsOf(stage), exp });
    const answer = await upgrade(stage, `/?${token}`);
    if (answer === '101' || unixNow() === exp) return answer;
  }
}

async function withClaims(stage: Stage, more: object, header?: object): Promise<string> {
  return upgrade(stage, `/?${(await tokenOf(stage, { ...claimsOf(stage), ...more }, header)).token}`);
}

async function onPath(stage: Stage, path: string, method = 'GET'): Promise<string> {
  return upgrade(stage, `${path}?${await stage.token('caller')}`, {}, method);
}

const admissions: readonly Case[] = [
  taken(['last second', 'a token in its last second (exp is now)'], inItsLastSecond),
  taken(
    ['thirty years', 'a token for thirty years'],
    (stage) => withClaims(stage, { exp: unixNow() + 30 * 365 * 86_400 }),
    { seen: `401 ${JSON_FORM}`, difference: 'token for more than a day' },
  ),
  taken(
    ['iat ahead', 'an iat far in the future'],
    (stage) => withClaims(stage, { iat: unixNow() + 5000, exp: unixNow() + 5060 }),
    { seen: `401 ${JSON_FORM}`, difference: 'token from the future' },
  ),
  taken(['iat a little ahead', 'an iat of a clock that is a minute fast'], (stage) =>
    withClaims(stage, { iat: unixNow() + 60, exp: unixNow() + 120 }),
  ),
  taken(
    ['audience of another relay', 'a token whose aud is another relay'],
    (stage) => withClaims(stage, { aud: 'another-relay.example' }),
    { seen: `401 ${JSON_FORM}`, difference: 'token for another relay' },
  ),
  taken(['own audience', 'a token whose aud is this relay'], (stage) =>
    withClaims(stage, { aud: new URL(stage.subject.wsUrl).host }),
  ),
  taken(['sid null', 'sid null: the session without sid'], (stage) => withClaims(stage, { sid: null })),
  taken(['typ', 'a header with typ'], (stage) => withClaims(stage, {}, { typ: 'JWT', alg: 'RS512' })),
  taken(['padding', 'a token with padding at its end'], async (stage) =>
    upgrade(stage, `/?${await stage.token('caller')}=`),
  ),
  taken(['any path', 'any path'], (stage) => onPath(stage, '/foo')),
  taken(['path /metrics', 'the path of the metrics'], (stage) => onPath(stage, '/metrics')),
  taken(['POST', 'an upgrade by POST'], (stage) => onPath(stage, '/', 'POST').then((line) => line.slice(0, 3)), {
    seen: '500',
    difference: 'upgrade by another method than GET',
  }),
  taken(['every key', 'a token of each twin, whatever its kind of key'], async (stage) => {
    const lines = await Promise.all(ROLES.map(async (role) => upgrade(stage, `/?${await stage.token(role)}`)));
    return lines.find((line) => line !== '101') ?? '101';
  }),
  {
    name: 'offers',
    section: '5.3',
    title: 'an offered subprotocol and compression are not in the answer',
    observe: async (stage) => {
      const offers = { 'sec-websocket-protocol': 'chat', 'sec-websocket-extensions': 'permessage-deflate' };
      const path = `/?${await stage.token('caller')}`;
      const { status, headers } = await ask(stage.subject, { path, headers: upgradeHeaders(offers) });
      return [status, headers['sec-websocket-protocol'] ?? null, headers['sec-websocket-extensions'] ?? null];
    },
    reference: [101, null, null],
    intended: { seen: [101, null, 'permessage-deflate'], difference: 'compression, where a client offers it' },
  },
  {
    name: 'outlives token',
    section: '5.1',
    title: 'a session outlives its token',
    observe: async (stage) => {
      const opened = await withLife(
        1,
        async (seconds) => {
          const sid = freshSid();
          const claims = { ...claimsOf(stage, { exp: seconds }), sid };
          const { token } = await tokenOf(stage, claims);
          const session = stage.openWith(token, stage.address('caller', sid));
          return { claims, session: await session.catch(() => undefined) };
        },
        ({ session }) => session === undefined,
      );
      if (opened.session === undefined) return 'no session';
      // No event marks the end of a token's last second.
      await new Promise((resolve) => setTimeout(resolve, (opened.claims.exp + 1) * 1000 + 100 - Date.now()));
      return answerTo(opened.session, ping(opened.session.address, { twin: 0 }));
    },
    reference: 'pong',
  },
];

export const connect: readonly Case[] = [...refusals, ...admissions];
