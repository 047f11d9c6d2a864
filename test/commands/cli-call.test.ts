import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ss58Address } from '../../proto/identity.ts';
import { withLife } from '../../tools/conformance/stage/life.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { within } from '../rig/clients/client.ts';
import { asTwin, runCommand, startCommand } from '../rig/peer/command.ts';
import { type PeerRig, startPeerRig } from '../rig/peer/peer.ts';
import { startService } from '../rig/peer/service.ts';

/** `rmb-peer call` as people run it: against a relay, a chain, and a peer with a service. */

const answer = z.object({
  ok: z.literal(true),
  source: z.string(),
  milliseconds: z.number(),
  schema: z.string().nullable(),
  payload: z.object({ base64: z.string(), text: z.string().nullable() }),
});
const failure = z.object({ ok: z.literal(false), kind: z.string(), message: z.string() });

let network: Network;
let callee: PeerRig;
let service: AsyncDisposable;
let directory: string;
beforeAll(async () => {
  network = await startNetwork();
  callee = await startPeerRig(network, 2);
  service = await startService(callee.redisUrl, 'test.echo', (payload) =>
    payload === 'fail' ? { err: { code: 7, message: 'told\u001b[2J\nto' } } : { dat: payload },
  );
  directory = await mkdtemp(join(tmpdir(), 'rmb-call-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  for (const each of [service, callee, network]) await each[Symbol.asyncDispose]();
});

const me = () => asTwin(network, 6);
const call = (args: readonly string[], stdin = '', env = {}) =>
  runCommand(['call', ...args], { ...me(), ...env }, stdin);

describe('an answer', () => {
  it('is printed unchanged and alone', async () => {
    expect(await call(['2', 'test.echo', '--data', 'grüß dich'])).toEqual({ code: 0, stdout: 'grüß dich', stderr: '' });
  });

  it('follows a payload from a file or, with a dash, from stdin', async () => {
    const file = join(directory, 'payload');
    await writeFile(file, 'of a file');
    expect(await call(['2', 'test.echo', '--file', file])).toMatchObject({ code: 0, stdout: 'of a file' });
    expect(await call(['2', 'test.echo', '-'], 'of stdin')).toMatchObject({ code: 0, stdout: 'of stdin' });
    expect(await call(['2', 'test.echo', '--file', '-'], 'of stdin')).toMatchObject({ code: 0, stdout: 'of stdin' });
  });

  it('is one JSON value with --json', async () => {
    const { code, stdout } = await call(['2', 'test.echo', '--data', 'hi', '--json']);
    expect(code).toBe(0);
    const { source, payload } = answer.parse(JSON.parse(stdout));
    expect({ source, payload }).toEqual({ source: '2', payload: { base64: 'aGk=', text: 'hi' } });
  });

  it('comes also from a twin that is named by its account', async () => {
    const { account } = await network.identity(2);
    expect(await call([ss58Address(account), 'test.echo', '--data', 'hi'])).toMatchObject({ code: 0, stdout: 'hi' });
  });

  it('leaves the daemon of the same twin its session', async () => {
    const before = callee.logged.length;
    expect(await runCommand(['call', '2', 'test.echo', '--data', 'me'], asTwin(network, 2))).toMatchObject({
      code: 0,
      stdout: 'me',
    });
    expect(callee.logged.slice(before).filter(({ message }) => message.includes('not connected'))).toEqual([]);
  });
});

describe('a call without an answer', () => {
  it.each([
    [
      'exits with 1 for an error of the service',
      ['2', 'test.echo', '--data', 'fail'],
      1,
      'answered-error',
      'error 7: told [2J to',
    ],
    [
      'exits with 4 for an offline twin with --fail-fast',
      ['4', 'x.y', '--fail-fast'],
      4,
      'offline',
      'of twin 4: destination offline',
    ],
    ['exits with 4 for an unknown twin', ['99', 'x.y'], 4, 'unknown-twin', 'TfgridModule.Twins at ws://'],
    [
      'exits with 4 for an account without a twin',
      ['5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY', 'x.y'],
      4,
      'unknown-twin',
      'TfgridModule.TwinIdByAccountID at ws://',
    ],
  ] as const)('%s', async (_, args, code, kind, message) => {
    const [text, json] = await Promise.all([call(args), call([...args, '--json'])]);
    expect(text).toMatchObject({ code, stdout: '' });
    expect(text.stderr).toContain(message);
    expect(text.stderr).toMatch(/^rmb-peer call: .*\n$/);
    expect(json.code).toBe(code);
    const failed = failure.parse(JSON.parse(json.stdout));
    expect(failed.kind).toBe(kind);
    expect(failed.message).toContain(message);
  });

  it('exits with 3 for a silent twin', async () => {
    const silent = await withLife(
      1.5,
      async (seconds) => {
        const args = ['4', 'x.y', '-t', String(seconds)];
        const [text, json] = await Promise.all([call(args), call([...args, '--json'])]);
        return { seconds, text, json };
      },
      // Chain and relay each have this time to be reached.
      ({ text, json }) => text.code === 1 || json.code === 1,
    );
    expect([silent.text.code, silent.text.stdout, silent.json.code]).toEqual([3, '', 3]);
    const message = `no answer from twin 4 within ${silent.seconds} s`;
    expect(silent.text.stderr).toContain(`rmb-peer call: ${message}`);
    const failed = failure.parse(JSON.parse(silent.json.stdout));
    expect([failed.kind, failed.message]).toEqual(['no-answer', expect.stringContaining(message)]);
  });

  it.each([
    ['our key', () => ({ RMB_MNEMONIC: `0x${'77'.repeat(32)}` }), 'this ed25519 key has no twin'],
    ['the chain', () => ({ RMB_SUBSTRATE: 'ws://localhost:9' }), 'the chain is out of reach at ws://localhost:9'],
    [
      'the relay',
      () => ({ RMB_RELAY: 'ws://localhost:9' }),
      'no relay can be used: ws://localhost:9: connection refused',
    ],
  ])('exits with 1 and names the cause: %s', async (_, env, message) => {
    const ended = await call(['2', 'x.y'], '', env());
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain(message);
  });

  it('exits with 4 and names the twin whose key on chain is invalid', async () => {
    const put = async (id: number, pk: `0x${string}`) => {
      const account = `0x${Buffer.from((await network.identity(id)).account).toString('hex')}` as const;
      network.chain.putTwin({ id, account, relay: new URL(network.relay.wsUrl).host, pk });
    };
    await put(3, '0x0102');
    await put(1, `0x${Buffer.from((await network.identity(1)).e2ePublicKey).toString('hex')}`);
    const { code, stdout } = await runCommand(['call', '3', 'x.y', '--json'], asTwin(network, 1));
    expect(code).toBe(4);
    expect(failure.parse(JSON.parse(stdout))).toMatchObject({
      kind: 'broken-key',
      message: expect.stringContaining('the key of twin 3 on chain is no secp256k1 public key'),
    });
  });

  it('names the other relay that the own twin has on chain', async () => {
    await network.settle(5, 'relay.example');
    const ended = await withLife(
      1,
      (seconds) => runCommand(['call', '4', 'test.echo', '-t', String(seconds)], asTwin(network, 5)),
      ({ code }) => code === 1,
    );
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('twin 5 has relay relay.example on chain, expected localhost:');
  });
});

describe('a wrong command', () => {
  it.each([
    [['call', '2'], '<cmd> is missing', 'usage: rmb-peer call [options] <twin> <cmd>'],
    [['call', 'two', 'x'], "'two' is no twin: expected an id (7)", 'usage: rmb-peer call'],
    [['call', '2', 'x', 'y'], 'unexpected argument: give the payload with --data', 'usage: rmb-peer call'],
    [['call', '2', 'x', '--data', 'a', '-'], 'give the payload once', 'usage: rmb-peer call'],
    [['call', '2', 'x', '--schema', '{}'], '1 to 128 printable ASCII characters', 'usage: rmb-peer call'],
    [['call', '2', 'x', '--timeout', 'soon'], '--timeout: must be a number of seconds', 'usage: rmb-peer call'],
    [['ping', '2', '--cuont', '3'], 'there is no flag --cuont (Did you mean --count?)', 'usage: rmb-peer ping'],
    [['cal', '2'], 'there is no such command (Did you mean call?)', 'call, serve, commands, ping'],
  ])('exits with 2 and shows the right form: %j', async (args, message, form) => {
    const ended = await runCommand(args, me());
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toContain(form);
  });

  it('prints its error as JSON with --json and never repeats a secret', async () => {
    const ended = await runCommand(['call', '2', 'x', '--json', '--mnemonc', 'S3CRET'], me());
    expect(ended.code).toBe(2);
    expect(failure.parse(JSON.parse(ended.stdout))).toMatchObject({ kind: 'usage', message: /--mnemonc/ });
    expect(ended.stdout + ended.stderr).not.toContain('S3CRET');
  });

  it('names a wrong setting as the daemon does', async () => {
    const ended = await runCommand(['call', '2', 'x'], { ...me(), RMB_RELAY: 'ws://10.0.0.1' });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('rmb-peer call: RMB_RELAY: must have a domain name');
  });
});

describe('help', () => {
  it.each(['call', 'serve', 'ping', 'twin', 'relay', 'bench'])('of %s has examples', async (name) => {
    const { code, stdout, stderr } = await runCommand(['help', name], {});
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: rmb-peer ${name}`);
    expect(stdout).toMatch(/Examples:\n {2}\$ /);
  });

  it('of the daemon names the commands', async () => {
    const [{ stdout }, help] = await Promise.all([runCommand(['--help'], {}), runCommand(['help'], {})]);
    expect(stdout).toMatch(/^ {2}call +send a request and print the reply$/m);
    expect(help).toEqual({ code: 0, stdout, stderr: '' });
  });
});

describe('signals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends a call that waits with %i', async (signal, code) => {
    await using silent = await network.join(3);
    await using command = startCommand(['call', '3', 'x.y'], me());
    await silent.next();
    command.signal(signal);
    expect(await within(command.ended, 'the end of the call')).toMatchObject({ code, stdout: '' });
  });

  it('let an interrupted ping print its summary', async () => {
    await using command = startCommand(['ping', '2', '--count', '0', '--interval', '60'], me());
    await command.said('seq=1');
    command.signal('SIGINT');
    const { code, stdout } = await within(command.ended, 'the end of the ping');
    expect(code).toBe(130);
    expect(stdout).toContain('--- twin 2: 1 sent, 1 answered, 0% lost');
  });
});

it('logs with -d what it does, without its secret', async () => {
  const ended = await call(['2', 'test.echo', '--data', 'hi', '-d']);
  expect(ended).toMatchObject({ code: 0, stdout: 'hi' });
  expect(ended.stderr).toContain('rmb-peer: info: relay: connected relay=');
  expect(ended.stderr).not.toContain(me().RMB_MNEMONIC);
});
