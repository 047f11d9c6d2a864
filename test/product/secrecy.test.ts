import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { miniSecret } from '../../proto/crypto/seed.ts';
import { ANSWERED, ASKED, BROKEN, type FullRun, POSTED, runEverything, WRONG } from '../rig/envelopes/full-run.ts';
import { formsOf, found } from '../rig/envelopes/needles.ts';
import type { Listed, SecretStage, SecretTwin } from '../rig/envelopes/secrecy.ts';

/** All that was written and answered in a full run is searched for its secrets, tokens and payloads. */

let run: FullRun;
let stage: SecretStage;
let said: FullRun['said'];
let listed: readonly Listed[];
beforeAll(async () => {
  run = await runEverything();
  ({ stage, said, listed } = run);
});
afterAll(() => run[Symbol.asyncDispose]());

function secrets(): Map<string, string | Uint8Array> {
  const key = ({ secret }: SecretTwin) => {
    const mini = miniSecret(secret);
    if (!mini.ok) throw new Error(mini.error.detail);
    return mini.value;
  };
  return new Map<string, string | Uint8Array>([
    ['the words', stage.words.secret],
    ['some of the words', stage.words.secret.split(' ').slice(3, 7).join(' ')],
    ['the key of the words', key(stage.words)],
    ['the seed', stage.seed.secret],
    ['the key of the seed', key(stage.seed)],
    ['the password of Redis', stage.redisPassword],
    ['a wrong password of Redis', WRONG.password],
    ['the token of the operator', stage.operatorToken],
    ['a wrong token of an operator', WRONG.operator],
    ['the payload of a request', ASKED],
    ['the payload of a reply', ANSWERED],
    ['the payload of a broken request', BROKEN],
    ['the payload of a POST', POSTED],
  ]);
}

/** Returns all tokens and their signatures: each of the two would open a session. */
function tokens(): Map<string, string> {
  const all = [...stage.tokens, run.badToken];
  return new Map(
    all.flatMap((token, place) => [
      [`token ${place}`, token],
      [`signature of token ${place}`, token.split('.')[2] ?? ''],
    ]),
  );
}

describe('a full run', () => {
  it('covers every part that is searched', () => {
    const all = said.map(([who, text]) => `${who}: ${text}`).join('\n');
    expect(stage.tokens.size).toBeGreaterThan(8);
    for (const text of [
      'invalid envelope signature',
      'POST: 202',
      'POST: 403',
      'refused token: {"status":401',
      'relay metrics: 401',
    ])
      expect(all).toContain(text);
    for (const text of ['rmb_peer_', 'relay_refused_requests_total', 'WRONGPASS']) expect(all).toContain(text);
    expect(listed.some(({ commandLine }) => commandLine.includes('workerd'))).toBe(true);
    expect(listed.some(({ environment }) => environment.includes(stage.seed.secret))).toBe(true);
  });

  it('writes no secret and no payload into a log, a metric or an answer', () => {
    expect(said.flatMap(([who, text]) => found(text, secrets()).map((name) => `${who}: ${name}`))).toEqual([]);
  });

  it('writes no token into a log, a metric or an answer', () => {
    expect(said.flatMap(([who, text]) => found(text, tokens()).map((name) => `${who}: ${name}`))).toEqual([]);
  });

  it('shows no secret, token or payload in the process list', () => {
    // The test itself put the reply of `serve` into its command.
    const hidden = new Map([...secrets(), ...tokens()].filter(([name]) => name !== 'the payload of a reply'));
    const seen = listed.flatMap(({ commandLine }) =>
      found(commandLine, hidden).map((name) => `${name}: ${commandLine}`),
    );
    expect(seen).toEqual([]);
  });

  it('puts no secret of a file into the environment of a process', () => {
    const names = ['the password of Redis', 'the words', 'the key of the words'];
    const inFiles = new Map([...secrets()].filter(([name]) => names.includes(name)));
    const daemons = listed.filter(({ commandLine }) => commandLine.includes('peer.toml'));
    expect(daemons.length).toBeGreaterThan(0);
    expect(daemons.flatMap(({ environment }) => found(environment, inFiles))).toEqual([]);
  });
});

it('the search finds a text in each form', () => {
  const secret = 'a secret "text" of 31 characters';
  const secretBytes = new Map([['it', secret]]);
  const written = [
    secret,
    JSON.stringify({ secret }),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('hex'),
    ...['', 'x', 'xy'].map((before) => Buffer.from(`${before}${secret}and more`).toString('base64')),
  ];
  for (const text of written) expect(found(`before ${text} after`, secretBytes), text).not.toEqual([]);
  expect(found('a secret text', secretBytes)).toEqual([]);
  expect(formsOf(secret).length).toBeGreaterThan(6);
});
