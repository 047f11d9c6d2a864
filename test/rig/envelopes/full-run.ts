import { expect } from 'vitest';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import { encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { addSeal } from '../../../proto/seal/seal.ts';
import { mintToken } from '../../../proto/token/token.ts';
import { connectAs, within } from '../clients/client.ts';
import { upgrade } from '../clients/upgrade.ts';
import { runCommand, startCommand } from '../peer/command.ts';
import { localRequest } from '../peer/peer.ts';
import { type PeerProcess, startPeerProcess } from '../peer/peer-process.ts';
import { startService } from '../peer/service.ts';
import { openProgram } from '../redis/program.ts';
import { request } from './envelopes.ts';
import {
  distinct,
  type Listed,
  openSecretStage,
  processesOf,
  type SecretStage,
  type SecretTwin,
  writeSecret,
} from './secrecy.ts';

export const ASKED = distinct('payload-asked');
export const ANSWERED = distinct('payload-answered');
export const BROKEN = distinct('payload-broken');
export const POSTED = distinct('payload-posted');
export const WRONG = { password: distinct('wrong-password'), operator: distinct('wrong-operator') };

/** A run of everything, with secrets, tokens and payloads that occur nowhere else. */
export interface FullRun extends AsyncDisposable {
  readonly stage: SecretStage;
  /** All that was written and answered, by who wrote it. */
  readonly said: [who: string, text: string][];
  /** All processes, as they were while the run went on. */
  readonly listed: Listed[];
  /** A token that the relay refused. */
  badToken: string;
}

/** Runs everything; resolves when all of its programs have ended. */
export async function runEverything(): Promise<FullRun> {
  await using stack = new AsyncDisposableStack();
  const stage = stack.use(await openSecretStage());
  const run: FullRun = { stage, said: [], listed: [], badToken: '', [Symbol.asyncDispose]: () => owned.disposeAsync() };
  const { said, listed } = run;
  const first = stack.use(await daemonByFiles(run));
  const second = stack.use(daemonByVariables(run));
  for (const peer of [first, second]) await peer.ready();
  await exchange(run);
  await refusals(run);
  await using serving = startCommand(
    ['serve', 'my.pipe', '--sid', 'pipe', '-d', '-d', '--', 'sh', '-c', `cat > /dev/null; printf %s "${ANSWERED}"`],
    variablesOf(stage, stage.seed),
  );
  await serving.said('serving');
  await commands(run, () => processesOf(process.pid).then((all) => void listed.push(...all)));
  listed.push(...(await processesOf(process.pid)));
  await metricsOf(run, first, second);
  for (const [place, peer] of [first, second].entries()) {
    await peer.stop('SIGTERM');
    said.push([`peer ${place + 1}`, peer.output()]);
  }
  serving.signal('SIGTERM');
  const { stdout, stderr } = await within(serving.ended, 'the end of serve');
  said.push(['serve', stdout + stderr], ['relay and workerd', stage.relay.said.join('\n')]);
  const owned = stack.move();
  return run;
}

/** Starts the daemon of twin `words`: all its secrets are in files. */
async function daemonByFiles({ stage }: FullRun): Promise<PeerProcess> {
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

/** Starts the daemon of twin `seed`: by the environment, with another database of the same Redis. */
function daemonByVariables({ stage }: FullRun): PeerProcess {
  const env = { ...variablesOf(stage, stage.seed), RMB_REDIS: `${stage.redisUrl}/1`, RMB_STATUS: '127.0.0.1:0' };
  return startPeerProcess({ args: ['-d', '-d'], env });
}

function variablesOf(stage: SecretStage, twin: SecretTwin): Record<string, string> {
  return {
    RMB_MNEMONIC: twin.secret,
    RMB_KEY_TYPE: twin.keyType,
    RMB_SUBSTRATE: stage.chain.wsUrl,
    RMB_RELAY: stage.relayUrl,
  };
}

/** A request of one program that a service beside the other peer answers, and one that it refuses. */
async function exchange({ stage, said }: FullRun): Promise<void> {
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
  // No twin has this id, and this payload is not base64; no program serves the next one, and the others are not entries.
  for (const fields of [{ dst: [4_000_000] }, { dat: `${BROKEN}!` }]) {
    said.push(['error entry', JSON.stringify(await ask(fields))]);
  }
  await program.ask(localRequest({ cmd: 'no.such', dst: [stage.seed.id], dat: base64(BROKEN) }));
  await program.redis.lPush('msgbus.system.local', `{"dat":"${BROKEN}`);
  await program.redis.lPush('msgbus.system.reply', JSON.stringify({ ...localRequest({}), dat: BROKEN, dst: BROKEN }));
}

/** Tokens, envelopes and POSTs that the relay or a peer refuses; a POST that it takes. */
async function refusals(run: FullRun): Promise<void> {
  const { stage, said } = run;
  const { words, seed, relay, relayUrl, operatorToken } = stage;
  const now = Math.floor(Date.now() / 1000);
  const token = await mintToken({ twin: seed.id, sid: 'bad', now, ttl: 60 }, words.identity);
  run.badToken = token;
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
    await keep(run, 'POST', fetch(relay.httpUrl, { method: 'POST', body }));
  }
  await keep(run, 'POST', fetch(relay.httpUrl, { method: 'POST', body: POSTED }));
  for (const bearer of [operatorToken, WRONG.operator]) {
    await keep(
      run,
      'relay metrics',
      fetch(`${relay.httpUrl}/metrics`, { headers: { authorization: `Bearer ${bearer}` } }),
    );
  }
  // A session that sends envelopes that fail verification at the peer of the other twin.
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

/** Runs each command that opens a session, with good and bad settings. @param during called while they run */
async function commands({ stage, said }: FullRun, during: () => Promise<void>): Promise<void> {
  const env = variablesOf(stage, stage.words);
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

async function metricsOf(run: FullRun, ...peers: readonly PeerProcess[]): Promise<void> {
  for (const peer of peers) {
    const url = await peer.statusUrl();
    for (const path of ['/metrics', '/readyz', '/healthz', '/odd'])
      await keep(run, `peer ${path}`, fetch(`${url}${path}`));
  }
}

async function keep({ said }: FullRun, who: string, answer: Promise<Response>): Promise<void> {
  const response = await answer;
  said.push([who, `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`]);
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const plain = (text: string) => ({ kind: 'plain' as const, bytes: new TextEncoder().encode(text) });
