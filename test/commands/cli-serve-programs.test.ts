import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { withLife } from '../../tools/conformance/stage/life.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { within } from '../rig/clients/client.ts';
import { anyEnvelope } from '../rig/envelopes/any-envelope.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { asTwin, type RunningCommand, runCommand, startCommand } from '../rig/peer/command.ts';
import { until } from '../rig/until.ts';

/** `serve` and the programs it runs: no request ends the service, and no process outlives its request. */

const CALLER = 6;
const SERVER = 3;

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

const start = (name: string, script: string, ...flags: string[]) =>
  startCommand(['serve', 'my.cmd', '--sid', name, ...flags, '--', 'sh', '-c', script], asTwin(network, SERVER));
const serve = async (name: string, script: string, ...flags: string[]) => {
  const service = start(name, script, ...flags);
  await service.said('my.cmd');
  return service;
};
const call = (name: string, ...args: string[]) =>
  runCommand(['call', `${SERVER}:${name}`, 'my.cmd', ...args], asTwin(network, CALLER));
/** The process id that the program wrote on stderr. */
const pidOf = async (service: RunningCommand) =>
  Number(await until('a process id on stderr', async () => /^\d+$/m.exec(service.stderr())?.[0]));
/** A process that ended but was not collected yet runs no longer. */
const isRunning = async (pid: number) => {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  return stat !== undefined && !/\) [ZX] /.test(stat);
};
const hasEnded = (pid: number) => until(`process ${pid} to end`, async () => !(await isRunning(pid)));

describe('an odd request', () => {
  const text = (length: number) => 'x'.repeat(length);
  /** A session of the caller, and a request of these fields for the service under this sid. */
  const odd = async (sid: string, fields: Partial<Envelope>) => {
    const address = { twin: SERVER, connection: sid };
    const content = { kind: 'request', command: 'my.cmd' } as const;
    const asked = request({ twin: CALLER, connection: 'odd' }, address, { content, ...fields });
    return signEnvelope(asked, await network.identity(CALLER));
  };

  it('starts its program without the value that no environment can hold', async () => {
    await using _ = await serve('tags', 'env | grep -c "^RMB_[A-Z]*="');
    await using session = await network.join(CALLER, 'odd');
    session.send(await odd('tags', { tags: 'a\0b' }));
    const { content, payload } = await session.next();
    expect(content).toEqual({ kind: 'response' });
    // Eight variables tell of a request; the one that cannot be told is left out.
    expect(new TextDecoder().decode(payload?.bytes)).toBe('7\n');
  });

  it.each([
    ['a NUL in its schema', { schema: 'a\0b' }],
    ['200 characters of schema', { schema: text(200) }],
    ['2 KB of tags', { tags: text(2_000) }],
  ])('gets error 100 for %s', async (name, fields) => {
    const sid = name.replaceAll(' ', '-');
    await using _ = await serve(sid, 'cat');
    await using session = await network.join(CALLER, 'odd');
    session.send(await odd(sid, fields));
    expect((await session.next()).content).toMatchObject({ kind: 'error', code: 100 });
  });

  it.each([
    ['a NUL in its uid', { uid: 'a\0b' }],
    ['2 KB of uid', { uid: text(2_000) }],
  ])('is dropped for %s without harm to the next one', async (name, fields) => {
    const sid = name.replaceAll(' ', '-');
    await using _ = await serve(sid, 'cat');
    await using session = await network.join(CALLER, 'odd');
    session.send(await odd(sid, fields));
    session.send(await odd(sid, { uid: 'next' }));
    expect(await session.next()).toMatchObject({ uid: 'next', content: { kind: 'response' } });
  });

  it('never ends the service', async () => {
    await using service = await serve('any', 'cat');
    const [source, destination] = [
      { twin: CALLER, connection: 'any' },
      { twin: SERVER, connection: 'any' },
    ];
    const content = { kind: 'request', command: 'my.cmd' } as const;
    const now = () => BigInt(Math.floor(Date.now() / 1000));
    const anyRequest = anyEnvelope.map(
      (envelope): Envelope => ({
        ...envelope,
        timestamp: now(),
        source,
        destination,
        content: envelope.content?.kind === 'request' ? envelope.content : content,
      }),
    );
    // Most of those are refused before a program starts: these have one odd word, and are fine otherwise.
    const oddWord = fc.record({
      field: fc.constantFrom('uid', 'tags', 'schema'),
      word: fc.constantFrom('a\0b', 'x'.repeat(100), 'x'.repeat(2_000), ''),
    });
    const oddRequest = oddWord.map(
      ({ field, word }): Envelope => ({ ...request(source, destination, { content }), [field]: word }),
    );
    const died = service.ended.then(({ code, stderr }) => {
      throw new Error(`the service ended with ${code}:\n${stderr}`);
    });
    died.catch(() => undefined);
    const identity = await network.identity(CALLER);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(anyRequest, oddRequest), { minLength: 10, maxLength: 10 }), async (all) => {
        await using session = await network.join(CALLER, 'any');
        for (const envelope of all) session.send(await signEnvelope(envelope, identity));
        const last = request(source, destination, { content });
        session.send(await signEnvelope(last, identity));
        for (;;) if ((await Promise.race([session.next(), died])).uid === last.uid) return;
      }),
      { numRuns: 20 },
    );
    service.signal('SIGTERM');
    expect((await service.ended).code).toBe(143);
  });
});

describe('a program', () => {
  it('ends with its children when its caller waits no longer', async () => {
    await using service = await serve('tree', 'sleep 1000 & echo "$!" >&2; wait');
    // Code 1: a slow machine did not reach chain and relay in this time.
    const asked = await withLife(
      3,
      (seconds) => call('tree', '-t', String(seconds)),
      ({ code }) => code === 1,
    );
    expect(asked.code).toBe(3);
    expect(await service.said('error')).toContain('took longer than its caller waits');
    await hasEnded(await pidOf(service));
  });

  it('is answered for at its exit although a child holds its stdout', async () => {
    await using service = await serve('exit', 'sleep 1000 & echo "$!" >&2; echo done');
    expect(await call('exit')).toMatchObject({ code: 0, stdout: 'done\n' });
    await hasEnded(await pidOf(service));
  });

  it('is answered for with all its output although a child in another session holds its stdout', async () => {
    await using service = await serve('session', 'setsid sleep 1000 & echo "$!" >&2; head -c 3000000 /dev/zero');
    try {
      expect((await call('session')).stdout).toHaveLength(3_000_000);
    } finally {
      process.kill(await pidOf(service), 'SIGKILL');
    }
  });

  it('is killed with its children when it floods its stdout', async () => {
    await using _ = await serve('flood', 'yes | cat');
    expect((await call('flood')).stderr).toMatch(/error 500: .*longer than 15728640 bytes/);
  });

  it('leaves half of its slots to others when it hangs for one twin', async () => {
    await using service = await serve(
      'half',
      'if grep -q hang; then echo $$ >&2; sleep 1000 | cat; else echo well; fi',
    );
    await using session = await network.join(CALLER, 'half');
    const source = { twin: CALLER, connection: 'half' };
    const content = { kind: 'request', command: 'my.cmd' } as const;
    const payload = { kind: 'plain', bytes: new TextEncoder().encode('hang') } as const;
    for (let n = 0; n < 4; n += 1) {
      const hanging = request(source, { twin: SERVER, connection: 'half' }, { content, payload, expiration: 1000n });
      session.send(await signEnvelope(hanging, await network.identity(CALLER)));
    }
    await until('two programs to hang', async () => (service.stderr().match(/^\d+$/gm)?.length ?? 0) >= 2 || undefined);
    const other = ['call', `${SERVER}:half`, 'my.cmd', '--data', 'go'];
    expect(await runCommand(other, asTwin(network, 1))).toMatchObject({ code: 0, stdout: 'well\n' });
    expect(service.stderr().match(/^\d+$/gm)).toHaveLength(2);
  });

  it('leaves the service to the next caller when it hangs for four', async () => {
    await using _ = await serve('hang', 'if grep -q hang; then sleep 1000 | cat; else echo well; fi');
    const hanging = await withLife(
      3,
      (seconds) => Promise.all([1, 2, 3, 4].map(() => call('hang', '--data', 'hang', '-t', String(seconds)))),
      (all) => all.some(({ code }) => code === 1),
    );
    expect(hanging.map(({ code }) => code)).toEqual([3, 3, 3, 3]);
    expect(await call('hang', '--data', 'go')).toMatchObject({ code: 0, stdout: 'well\n' });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends with its children and the service at %s', async (name) => {
    await using service = await serve(name, 'trap "" TERM INT HUP; sleep 1000 & echo "$!" >&2; wait');
    const args = ['call', `${SERVER}:${name}`, 'my.cmd'];
    await using _ = startCommand(args, asTwin(network, CALLER));
    const pid = await pidOf(service);
    service.signal(name);
    await within(service.ended, 'the end of the service');
    await hasEnded(pid);
  });
});

describe('a terminal', () => {
  it('gets no control characters from a stranger', async () => {
    await using service = await serve('terminal', 'cat >&2; exit 1');
    const data = '\u001b]0;title\u0007\u009b2J\u202e\r\nlast \u001b[31mline';
    await call('terminal', '--data', data);
    await runCommand(['call', `${SERVER}:terminal`, `my.\u001b[2J\u009b`], asTwin(network, CALLER));
    await service.said('nobody serves');
    service.signal('SIGTERM');
    const { stdout, stderr } = await service.ended;
    expect(stderr).toContain('last  [31mline\n');
    for (const output of [stdout, stderr]) expect(output).not.toMatch(/[^\n\P{Cc}]|\p{Bidi_Control}/u);
  });

  it('gets JSON without control characters', async () => {
    await using service = await serve('json', 'cat', '--json');
    await runCommand(['call', `${SERVER}:json`, 'my.\u009b2J\u202e'], asTwin(network, CALLER));
    expect(await service.said('"request"')).toContain('"command":"my.\\u009b2J\\u202e"');
  });
});
