import { ErrorReply } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openProgram, type Program } from '../../../test/rig/redis/program.ts';
import { type RedisServer, startRedisServer } from '../../../test/rig/redis/redis.ts';
import { type FaultProxy, startProxy } from '../../../test/rig/relay/proxy.ts';
import type { Patience } from './silence.ts';
import { WatchedClient } from './watched-client.ts';

/** More than any test takes. */
const HOUR_MS = 3_600_000;
const PATIENT = { reportMs: HOUR_MS, dropMs: HOUR_MS };

let redis: RedisServer;
let program: Program;
beforeAll(async () => {
  redis = await startRedisServer();
  program = await openProgram(redis.url);
});
afterAll(async () => {
  await program[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

let proxy: FaultProxy;
let stack: AsyncDisposableStack;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  proxy = stack.use(await startProxy(redis));
});
afterEach(() => stack.disposeAsync());

/** A client behind the proxy, and its reports. */
function open(patience: Patience = PATIENT, user = '') {
  const reports: string[] = [];
  const answers: (ErrorReply | undefined)[] = [];
  const report = (name: string) => () => void reports.push(name);
  const watched = new WatchedClient(`redis://${user}127.0.0.1:${proxy.port}`, patience, {
    onReady: report('ready'),
    onLost: report('lost'),
    onSilent: report('silent'),
    onHeard: report('heard'),
    onGivenUp: report('given up'),
    onAnswer: (_, refusal) => void answers.push(refusal),
  });
  stack.defer(() => watched.destroy());
  const id = () => watched.client.sendCommand(['CLIENT', 'ID']);
  return { watched, reports, answers, id };
}
/** Resolves when a list of reports has this many of one name. */
const reported = (reports: string[], name: string, times: number) =>
  expect.poll(() => reports.filter((each) => each === name).length).toBe(times);

describe('a connection', () => {
  it('is dialled until the server listens', async () => {
    await proxy.refuse();
    const { watched, reports } = open();
    const connecting = watched.connect();
    await expect.poll(() => reports.includes('lost')).toBe(true);
    expect(reports).not.toContain('ready');
    await proxy.listen();
    await connecting;
    expect(reports.at(-1)).toBe('ready');
  });

  it('is dialled again after a loss, and reports both', async () => {
    const { watched, reports } = open();
    await watched.connect();
    proxy.cut();
    await reported(reports, 'ready', 2);
    expect(reports).toEqual(['ready', 'lost', 'ready']);
  });

  it('is dialled again when the server answers in another protocol', async () => {
    const { watched, reports, id } = open();
    await watched.connect();
    const before = await id();
    let isAnswered = false;
    proxy.rewrite('down', (chunk) => {
      if (isAnswered) return chunk;
      isAnswered = true;
      return Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await expect(watched.client.ping()).rejects.toThrow();
    await reported(reports, 'ready', 2);
    expect(reports).toContain('lost');
    expect(await id()).not.toBe(before);
  });
});

describe('a destroyed connection', () => {
  it('that was ready is not dialled again', async () => {
    const { watched, reports } = open({ reportMs: 0, dropMs: 0 });
    await watched.connect();
    // As a queue does that stops.
    watched.client.destroy();
    watched.tick();
    watched.dialAgain();
    expect([watched.client.isOpen, reports]).toEqual([false, ['ready']]);
  });

  it('that was not open yet never opens', async () => {
    const { watched, reports } = open();
    const connecting = watched.connect();
    watched.destroy();
    await expect(connecting).rejects.toThrow();
    expect(reports).toEqual([]);
  });

  it('that waited for the answer to its login never opens', async () => {
    const hold = proxy.holdAt('down', () => true);
    const { watched, reports } = open();
    const connecting = watched.connect();
    await hold.reached;
    watched.destroy();
    await expect(connecting).rejects.toThrow();
    expect(reports).toEqual([]);
  });
});

describe('dialAgain', () => {
  it('gives the same client a new connection, and fails its pending commands', async () => {
    const { watched, reports, id } = open();
    await watched.connect();
    const before = await id();
    const pending = watched.client.brPop('nothing', 0);
    watched.dialAgain();
    await expect(pending).rejects.toThrow();
    await reported(reports, 'ready', 2);
    expect(await id()).not.toBe(before);
  });

  it('leaves a client alone that is dialling', async () => {
    const hold = proxy.holdAt('down', () => true);
    const { watched, reports } = open();
    const connecting = watched.connect();
    await hold.reached;
    watched.dialAgain();
    hold.release();
    await connecting;
    expect(reports).toEqual(['ready']);
  });
});

describe('tick', () => {
  it('asks, and reports the answer', async () => {
    const { watched, reports, answers } = open();
    await watched.connect();
    watched.tick();
    await expect.poll(() => answers).toEqual([undefined]);
    expect(reports).toEqual(['ready']);
  });

  it('asks one question at a time', async () => {
    const { watched, answers } = open();
    await watched.connect();
    for (let n = 0; n < 3; n += 1) watched.tick();
    // Commands of a connection are answered in order.
    await watched.client.ping();
    expect(answers).toHaveLength(1);
    watched.tick();
    await watched.client.ping();
    expect(answers).toHaveLength(2);
  });

  it('reports the error of a server that refuses the question', async () => {
    await program.redis.sendCommand(['ACL', 'SETUSER', 'mute', 'on', '>pw', '+@all', '-ping']);
    const { watched, answers } = open(PATIENT, 'mute:pw@');
    await watched.connect();
    watched.tick();
    await expect.poll(() => answers).toEqual([expect.any(ErrorReply)]);
    expect(answers[0]?.message).toMatch(/^NOPERM/);
  });

  it('reports a silent connection once, and its answer', async () => {
    const { watched, reports } = open({ reportMs: 0, dropMs: HOUR_MS });
    await watched.connect();
    const hold = proxy.holdAt('down', (chunk) => chunk.includes('PONG'));
    for (let n = 0; n < 3; n += 1) watched.tick();
    await hold.reached;
    expect(reports).toEqual(['ready', 'silent']);
    hold.release();
    await reported(reports, 'heard', 1);
  });

  it('gives up a connection that stays silent', async () => {
    const { watched, reports } = open({ reportMs: 0, dropMs: 0 });
    await watched.connect();
    watched.tick();
    expect(reports).toEqual(['ready', 'given up']);
  });

  it('counts no silence of a connection that is gone', async () => {
    const { watched, reports } = open({ reportMs: 0, dropMs: 0 });
    await watched.connect();
    await proxy.refuse();
    await expect.poll(() => reports.includes('lost')).toBe(true);
    watched.tick();
    expect(reports).not.toContain('given up');
  });
});
