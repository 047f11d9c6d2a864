import type { Case, Seen } from '../case.ts';
import { ask, JSON_FORM, statusLine } from '../stage/http.ts';
import { type Stage, unixNow } from '../stage/stage.ts';
import { claimsOf, tokenOf } from '../stage/tokens.ts';

/** A difference between two clocks, seconds. */
const CLOCKS_DIFFER = 600;

/** Posts a token. Resolves with status, text (or `in JSON`), and who may read the answer. @param text the reference's */
async function post(stage: Stage, token: string, text: string): Promise<readonly Seen[]> {
  const body = new TextEncoder().encode(token);
  const answer = await ask(stage.subject, { method: 'POST', path: '/check', body });
  const { status, headers } = answer;
  const readers = headers['access-control-allow-origin'] ?? null;
  if (status !== 200) return [statusLine(answer, status === 404 ? 'page not found' : text), readers];
  const { twin, time } = JSON.parse(answer.body);
  const isNow = Math.abs(time - unixNow()) < CLOCKS_DIFFER;
  return [status, twin === stage.subject.cast.caller.id, isNow, readers, headers['cache-control'] ?? null];
}

/** A case of a posted token: the Rust relay has no such page. */
function checked(name: string, title: string, observe: Case['observe'], seen: Seen): Case {
  return {
    name,
    section: '5.8',
    title,
    observe,
    reference: ['404 page not found', null],
    intended: { seen, difference: 'POST /check' },
  };
}

export const check: readonly Case[] = [
  checked(
    'good token',
    'a posted token that an upgrade would be accepted with',
    async (stage) => post(stage, await stage.token('caller'), ''),
    [200, true, true, '*', 'no-store'],
  ),
  checked(
    'expired token',
    'a posted token that an upgrade is refused for',
    async (stage) => {
      const { token } = await tokenOf(stage, claimsOf(stage, { iat: -100, exp: -50 }));
      return post(stage, token, 'invalid jwt: jwt has expired');
    },
    [`401 ${JSON_FORM}`, '*'],
  ),
  checked('no token', 'an empty body', (stage) => post(stage, '', 'missing jwt'), [`400 ${JSON_FORM}`, '*']),
];
