import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../proto/envelope.ts';
import { addSeal } from '../proto/seal/seal.ts';
import { miniSecret } from '../proto/seed.ts';
import { signEnvelope } from '../proto/signature.ts';
import { mintToken } from '../proto/token.ts';
import { connectAs, within } from './rig/client.ts';
import { runCommand, startCommand } from './rig/command.ts';
import { request } from './rig/envelopes.ts';
import { formsOf, found } from './rig/needles.ts';
import { localRequest } from './rig/peer.ts';
import { type PeerProcess, startPeerProcess } from './rig/peer-process.ts';
import { openProgram } from './rig/program.ts';
import {
  distinct,
  type Listed,
  openSecretStage,
  processesOf,
  type SecretStage,
  type SecretTwin,
  writeSecret,
} from './rig/secrecy.ts';
import { startService } from './rig/service.ts';
import { upgrade } from './rig/upgrade.ts';

/**
 * One run of everything, with secrets, tokens and payloads that nobody else has: all that was written and answered
 * is kept, and searched in the end.
 */

const ASKED = distinct('payload-asked');
const ANSWERED = distinct('payload-answered');
const BROKEN = distinct('payload-broken');
const POSTED = distinct('payload-posted');
const WRONG = { password: distinct('wrong-password'), operator: distinct('wrong-operator') };

let stage: SecretStage;
/** Everything that was said, by who said it. */
const said: [who: string, text: string][] = [];
const listed: Listed[] = [];
let badToken = '';

beforeAll(async () => {
  stage = await openSecretStage();
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await daemonByFiles());
  const second = stack.use(daemonByVariables());
  for (const peer of [first, second]) await peer.ready();
  await exchange();
  await refusals();
  await using serving = startCommand(
    ['serve', 'my.pipe', '--sid', 'pipe', '-d', '-d', '--', 'sh', '-c', `cat > /dev/null; printf %s "${ANSWERED}"`],
    variablesOf(stage.seed),
  );
  await serving.said('serving');
  await commands(() => processesOf(process.pid).then((all) => void listed.push(...all)));
  listed.push(...(await processesOf(process.pid)));
  await metricsOf(first, second);
  for (const [place, peer] of [first, second].entries()) {
    peer.signal('SIGTERM');
    await within(peer.ended, 'the end of a peer');
    said.push([`peer ${place + 1}`, peer.output()]);
  }
  serving.signal('SIGTERM');
  const { stdout, stderr } = await within(serving.ended, 'the end of serve');
  said.push(['serve', stdout + stderr], ['relay and workerd', stage.relay.said.join('\n')]);
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Twin `words`: all that is secret stands in files. */
async function daemonByFiles(): Promise<PeerProcess> {
  const mnemonic = await writeSecret(stage.directory, 'mnemonic', stage.words.secret);
  const lines = { 'mnemonic-file': mnemonic, redis: stage.redisUrl, status: '127.0.0.1:0' };
  const toml = [
    ...Object.entries(lines).map(([name, text]) => `${name} = ${JSON.stringify(text)}`),
    `substrate = ["${stage.chain.wsUrl}"]`,
    `relay = ["${stage.relayUrl}"]`,
  ];
  const config = await writeSecret(stage.directory, 'peer.toml', toml.join('\n'));
  return startPeerProcess({ args: ['--config', config, '-d', '-d'] });
}

/** Twin `seed`: by the environment, with a database of its own in the same Redis. */
function daemonByVariables(): PeerProcess {
  const env = { ...variablesOf(stage.seed), RMB_REDIS: `${stage.redisUrl}/1`, RMB_STATUS: '127.0.0.1:0' };
  return startPeerProcess({ args: ['-d', '-d'], env });
}

function variablesOf(twin: SecretTwin): Record<string, string> {
  return {
    RMB_MNEMONIC: twin.secret,
    RMB_KEY_TYPE: twin.keyType,
    RMB_SUBSTRATE: stage.chain.wsUrl,
    RMB_RELAY: stage.relayUrl,
  };
}

/** A request of one program that a service beside the other peer answers, and one that it refuses. */
async function exchange(): Promise<void> {
  await using program = await openProgram(stage.redisUrl);
  await using _service = await startService(`${stage.redisUrl}/1`, 'my.echo', (payload) =>
    payload === ASKED ? { dat: ANSWERED } : { err: { code: 500, message: 'not this one' } },
  );
  const ask = async (fields: object) => {
    await program.ask(localRequest({ cmd: 'my.echo', dst: [stage.seed.id], dat: base64(ASKED), ...fields }));
    return await program.reply('replies');
  };
  expect(await ask({})).toMatchObject({ dat: base64(ANSWERED), err: null });
  expect(await ask({ dat: base64(BROKEN) })).toMatchObject({ err: { code: 500 } });
  // Nobody has this id, and this is no base64; nobody serves the next, and the others are no entries.
  for (const fields of [{ dst: [4_000_000] }, { dat: `${BROKEN}!` }]) {
    said.push(['error entry', JSON.stringify(await ask(fields))]);
  }
  await program.ask(localRequest({ cmd: 'no.such', dst: [stage.seed.id], dat: base64(BROKEN) }));
  await program.redis.lPush('msgbus.system.local', `{"dat":"${BROKEN}`);
  await program.redis.lPush('msgbus.system.reply', JSON.stringify({ ...localRequest({}), dat: BROKEN, dst: BROKEN }));
}

/** Tokens, envelopes and POSTs that the relay or a peer refuses; a POST that it takes. */
async function refusals(): Promise<void> {
  const { words, seed, relay, relayUrl, operatorToken } = stage;
  const now = Math.floor(Date.now() / 1000);
  const token = await mintToken({ twin: seed.id, sid: 'bad', now, ttl: 60 }, words.identity);
  badToken = token;
  for (const query of [token, token.slice(0, -9), `${token}.${token}`]) {
    said.push(['refused token', JSON.stringify(await upgrade(relayUrl, `/?${query}`))]);
  }
  const bare = request({ twin: words.id }, { twin: seed.id }, { payload: plain(POSTED) });
  const sealed = addSeal(bare);
  if (!sealed.ok) throw new Error('not sealed');
  const signed = await signEnvelope(sealed.value, words.identity);
  const forged = { ...signed, payload: plain(`${POSTED}!`) };
  for (const envelope of [signed, forged, bare, { ...signed, timestamp: 5n }]) {
    const body = new Uint8Array(encodeEnvelope(envelope));
    await keep('POST', fetch(relay.httpUrl, { method: 'POST', body }));
  }
  await keep('POST', fetch(relay.httpUrl, { method: 'POST', body: POSTED }));
  for (const bearer of [operatorToken, WRONG.operator]) {
    await keep('relay metrics', fetch(`${relay.httpUrl}/metrics`, { headers: { authorization: `Bearer ${bearer}` } }));
  }
  // A session that sends what the peer of the other twin does not believe.
  await using client = await connectAs(relayUrl, words.id, words.identity, 'odd');
  const own = { twin: words.id, connection: 'odd' };
  for (const envelope of [
    { ...bare, source: own },
    { ...forged, source: own },
  ])
    client.send(envelope);
  const last = { ...request(own, { twin: seed.id, connection: 'nobody' }, { tags: 'fail-fast' }) };
  client.send({ ...last, payload: plain(POSTED) });
  for (;;) {
    const answer = await client.next();
    said.push(['relay error', JSON.stringify(answer.content)]);
    if (answer.uid === last.uid) break;
  }
}

/** Each command that opens a session, well and with what is wrong. @param during called while they run */
async function commands(during: () => Promise<void>): Promise<void> {
  const env = variablesOf(stage.words);
  const address = `${stage.seed.id}:pipe`;
  const run = async (args: readonly string[], variables = env, stdin = '') => {
    const running = runCommand([...args, '-d', '-d'], variables, stdin);
    await during();
    const { stdout, stderr } = await running;
    said.push([`${args.join(' ')}`, stderr + stdout.replaceAll(ANSWERED, '')]);
    return stdout;
  };
  expect(await run(['call', address, 'my.pipe', '-'], env, ASKED)).toBe(ANSWERED);
  await run(['call', address, 'no.such', '-', '--timeout', '2'], env, ASKED);
  await run(['call', `${stage.seed.id}:nobody`, 'my.pipe', '-', '--fail-fast'], env, ASKED);
  await run(['ping', String(stage.seed.id), '--count', '1']);
  const redis = { ...env, RMB_REDIS: stage.redisUrl };
  await run(['doctor'], redis);
  await run(['doctor', '--json'], redis);
  const wrong = { ...env, RMB_REDIS: stage.redisUrl.replace(stage.redisPassword, WRONG.password) };
  await run(['doctor'], wrong);
  await run(['doctor'], { ...redis, RMB_KEY_TYPE: 'ed25519' });
  await run(['--print-config'], wrong);
  await run(['call', address, 'my.pipe'], { ...env, RMB_MNEMONIC: `${stage.words.secret} zoo` });
  await using peer = startPeerProcess({ args: ['-d', '-d'], env: wrong });
  await peer.logged('Redis');
  await during();
  peer.signal('SIGTERM');
  await within(peer.ended, 'the end of a peer');
  said.push(['peer with a wrong password', peer.output()]);
}

async function metricsOf(...peers: readonly PeerProcess[]): Promise<void> {
  for (const peer of peers) {
    const url = await peer.statusUrl();
    for (const path of ['/metrics', '/readyz', '/healthz', '/odd']) await keep(`peer ${path}`, fetch(`${url}${path}`));
  }
}

async function keep(who: string, answer: Promise<Response>): Promise<void> {
  const response = await answer;
  said.push([who, `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`]);
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const plain = (text: string) => ({ kind: 'plain' as const, bytes: new TextEncoder().encode(text) });

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

/** Tokens with all their parts that let somebody in: whole, and the signature. */
function tokens(): Map<string, string> {
  const all = [...stage.tokens, badToken];
  return new Map(
    all.flatMap((token, place) => [
      [`token ${place}`, token],
      [`signature of token ${place}`, token.split('.')[2] ?? ''],
    ]),
  );
}

describe('a full run', () => {
  it('reaches every part that is searched', () => {
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

  it('shows no secret, token or payload in the list of processes', () => {
    // The reply of `serve` stands in the command that the test gave it.
    const hidden = new Map([...secrets(), ...tokens()].filter(([name]) => name !== 'the payload of a reply'));
    const seen = listed.flatMap(({ commandLine }) =>
      found(commandLine, hidden).map((name) => `${name}: ${commandLine}`),
    );
    expect(seen).toEqual([]);
  });

  it('puts no secret that came in a file into the environment of any process', () => {
    const names = ['the password of Redis', 'the words', 'the key of the words'];
    const inFiles = new Map([...secrets()].filter(([name]) => names.includes(name)));
    const daemons = listed.filter(({ commandLine }) => commandLine.includes('peer.toml'));
    expect(daemons.length).toBeGreaterThan(0);
    expect(daemons.flatMap(({ environment }) => found(environment, inFiles))).toEqual([]);
  });
});

it('the search finds a text in each of its forms', () => {
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
