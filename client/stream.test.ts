import { describe, expect, it } from 'vitest';
import { splitSeal } from '../proto/seal/seal.ts';
import { startMemoryBus } from '../test/rig/clients/memory-bus.ts';
import type { ConnectedBus } from './connected-bus.ts';
import type { HandlerContext } from './serving/outcome.ts';
import type { StandardSchema } from './serving/typed/standard-schema.ts';

const TEXT = { schema: 'text/plain' };
const text = (data: Uint8Array | undefined) => new TextDecoder().decode(data);

/** A caller (1:a) and a service (2:b) of one relay, and what goes over their wire. */
async function rig() {
  const { relay, join } = await startMemoryBus();
  const [caller, service] = await Promise.all([join(1, { sid: 'a' }), join(2, { sid: 'b' })]);
  const sent = (twin: number) =>
    relay.sockets
      .flatMap(({ envelopes }) => envelopes)
      .filter(({ source, content }) => source?.twin === twin && content?.kind !== 'ping');
  const commands = () => sent(1).flatMap(({ content }) => (content?.kind === 'request' ? [content.command] : []));
  const close = () => Promise.all([caller.close(), service.close()]);
  return { caller, service, sent, commands, join, close };
}

async function all(bus: ConnectedBus, command: string, options = {}): Promise<string[]> {
  const replies: string[] = [];
  for await (const data of bus.stream('2:b', command, 'x', { ...TEXT, ...options })) replies.push(text(data));
  return replies;
}

/** Serves a command that counts for ever. Resolves `begun` with its context, `ended` when it was left. */
function serveCounter(service: ConnectedBus, command: string) {
  const [begun, ended] = [Promise.withResolvers<HandlerContext>(), Promise.withResolvers<number>()];
  service.serve(command, async function* (_, context) {
    begun.resolve(context);
    let n = 0;
    try {
      for (; ; n += 1) yield String(n);
    } finally {
      ended.resolve(n);
    }
  });
  return { begun: begun.promise, ended: ended.promise };
}

describe('a stream', () => {
  it('gives the replies of an async generator in order', async () => {
    const { caller, service, sent, close } = await rig();
    service.serve('test.count', async function* () {
      yield 'one';
      yield { data: 'two', schema: 'text/plain' };
      yield 'three';
    });
    expect(await all(caller, 'test.count')).toEqual(['one', 'two', 'three']);
    expect(sent(1).map(({ tags }) => splitSeal(tags)?.tags)).toEqual(['fail-fast,rmb.stream,rmb.credit=64']);
    expect(sent(2).map(({ tags }) => splitSeal(tags)?.tags)).toEqual([
      'rmb.more,rmb.seq=0',
      'rmb.more,rmb.seq=1',
      'rmb.more,rmb.seq=2',
      'rmb.seq=3',
    ]);
    await close();
  });

  it('carries values, each checked by the schema of its service', async () => {
    const { caller, service, close } = await rig();
    const even: StandardSchema<number> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          typeof value === 'number' && value % 2 === 0 ? { value } : { issues: [{ message: 'not even' }] },
      },
    };
    service.serve('test.values', { out: even }, async function* (value) {
      for (const n of [0, 2, Number(value)]) yield n;
    });
    const values: unknown[] = [];
    for await (const value of caller.stream('2:b', 'test.values', 4)) values.push(value);
    expect(values).toEqual([0, 2, 4]);
    const odd = caller.stream('2:b', 'test.values', 5);
    expect([await odd.next(), await odd.next()]).toMatchObject([{ value: 0 }, { value: 2 }]);
    await expect(odd.next()).rejects.toMatchObject({ reply: { code: 500 } });
    await close();
  });

  it('ends with an empty reply that the program does not see', async () => {
    const { caller, service, sent, close } = await rig();
    service.serve('test.count', async function* () {
      yield 'one';
    });
    service.serve('test.none', async function* () {});
    expect([await all(caller, 'test.count'), await all(caller, 'test.none')]).toEqual([['one'], []]);
    expect(sent(2)).toHaveLength(3);
    await close();
  });

  it('gives the one reply of a service that does not stream, whatever its peer knows', async () => {
    const { caller, service, sent, close } = await rig();
    service.serve('test.one', () => 'one');
    expect(await all(caller, 'test.one')).toEqual(['one']);
    expect(sent(2).map(({ tags }) => splitSeal(tags)?.tags)).toEqual(['rmb.seq=0']);
    await close();
  });

  it('throws the error of its service after the replies before it', async () => {
    const { caller, service, commands, close } = await rig();
    service.serve('test.fails', async function* () {
      yield 'one';
      throw new Error('no more');
    });
    const stream = caller.stream('2:b', 'test.fails', 'x', TEXT);
    expect(text((await stream.next()).value)).toBe('one');
    await expect(stream.next()).rejects.toMatchObject({ code: 'answered-error', reply: { message: 'no more' } });
    expect(commands()).toEqual(['test.fails']);
    await close();
  });

  it('never leaves its caller with more replies than it allowed, and goes on as they are read', async () => {
    const { caller, service, sent, close } = await rig();
    const { ended } = serveCounter(service, 'test.count');
    const stream = caller.stream('2:b', 'test.count', 'x', { ...TEXT, credit: 4 });
    const read: string[] = [];
    for await (const data of stream) {
      read.push(text(data));
      if (read.length === 50) break;
      expect(sent(2).length).toBeLessThanOrEqual(read.length + 4);
    }
    expect(read).toEqual(Array.from({ length: 50 }, (_, n) => String(n)));
    expect(await ended).toBeLessThan(54);
    await close();
  });

  it('is cancelled when its program leaves the loop: the generator ends, and nothing more is sent', async () => {
    const { caller, service, commands, close } = await rig();
    const { begun, ended } = serveCounter(service, 'test.count');
    for await (const data of caller.stream('2:b', 'test.count', 'x', TEXT)) if (text(data) === '2') break;
    await ended;
    expect((await begun).signal).toMatchObject({ aborted: true, reason: { code: 'aborted' } });
    expect(commands()).toEqual(['test.count', 'rmb.cancel']);
    await close();
  });

  it('is cancelled by the signal of its program, also while the service is in a step that never ends', async () => {
    const { caller, service, close } = await rig();
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    service.serve('test.hangs', async function* (_, { signal }) {
      signal.addEventListener('abort', () => ended.resolve());
      begun.resolve();
      yield await new Promise<string>(() => undefined);
    });
    const stop = new AbortController();
    const reading = expect(all(caller, 'test.hangs', { signal: stop.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    await begun.promise;
    stop.abort();
    await Promise.all([reading, ended.promise]);
    await close();
  });

  it('is not cancelled by another twin that knows its uid', async () => {
    const { caller, service, sent, join, close } = await rig();
    const stranger = await join(2, { sid: 'stranger' });
    serveCounter(service, 'test.count');
    const stream = caller.stream('2:b', 'test.count', 'x', { ...TEXT, credit: 1 });
    await stream.next();
    const uid = sent(1)[0]?.uid;
    // Its own request of the same command, with the cancel before it: both have been served when it has its reply.
    const cancelled = stranger.call('2:b', 'rmb.cancel', { uid });
    cancelled.catch(() => undefined);
    service.serve('test.one', () => 'one');
    await stranger.call('2:b', 'test.one', 'x', TEXT);
    expect(text((await stream.next()).value)).toBe('1');
    await stream.return?.();
    await Promise.all([stranger.close(), close()]);
    await expect(cancelled).rejects.toMatchObject({ code: 'closed' });
  });

  it('fails at the end of its time, and so does its service', async () => {
    const { caller, service, close } = await rig();
    const { promise, resolve } = Promise.withResolvers<AbortSignal>();
    service.serve('test.slow', async function* (_, { signal }) {
      resolve(signal);
      yield 'one';
      yield await new Promise<string>(() => undefined);
    });
    await expect(all(caller, 'test.slow', { timeout: 100 })).rejects.toMatchObject({
      code: 'no-answer',
      message: 'the stream of twin 2:b did not end within 0.1 s, 1 replies came',
    });
    const signal = await promise;
    if (!signal.aborted) await new Promise((stop) => signal.addEventListener('abort', stop));
    expect(signal.reason).toMatchObject({ message: 'the time of the request is over' });
    await close();
  });

  it('ends with an error when its service closes', async () => {
    const { caller, service, close } = await rig();
    serveCounter(service, 'test.count');
    const stream = caller.stream('2:b', 'test.count', 'x', { ...TEXT, credit: 2 });
    await stream.next();
    const closing = service.close();
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toMatchObject({ code: 'answered-error', reply: { code: 500, message: 'the service is closing' } });
    await closing;
    await close();
  });

  it('refuses to be one reply', async () => {
    const { caller, service, close } = await rig();
    const { begun } = serveCounter(service, 'test.count');
    await expect(caller.call('2:b', 'test.count', 'x', TEXT)).rejects.toMatchObject({
      reply: { code: 500, message: "'test.count' has several replies: ask for a stream" },
    });
    // The generator did not begin.
    expect(await Promise.race([begun, 'not begun'])).toBe('not begun');
    await close();
  });

  it('sends nothing before its program reads', async () => {
    const { caller, sent, close } = await rig();
    caller.stream('2:b', 'test.count', 'x', TEXT);
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent(1)).toEqual([]);
    await close();
  });
});

describe('a call that is aborted', () => {
  it('cancels the work of a peer that is known to be of this project, which sends no reply then', async () => {
    const { caller, service, sent, commands, close } = await rig();
    service.serve('test.one', () => 'one');
    await caller.call('2:b', 'test.one', 'x', TEXT);
    const begun = Promise.withResolvers<HandlerContext>();
    const done = Promise.withResolvers<void>();
    service.serve('test.slow', async (_, context) => {
      begun.resolve(context);
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      done.resolve();
      return 'too late';
    });
    const stop = new AbortController();
    const calling = expect(
      caller.call('2:b', 'test.slow', 'x', { ...TEXT, signal: stop.signal }),
    ).rejects.toMatchObject({
      code: 'aborted',
    });
    await begun.promise;
    stop.abort();
    await Promise.all([calling, done.promise]);
    await caller.call('2:b', 'test.one', 'x', TEXT);
    expect(commands()).toEqual(['test.one', 'test.slow', 'rmb.cancel', 'test.one']);
    expect(sent(2)).toHaveLength(2);
    await close();
  });

  it('sends no command to a peer that may be of another kind', async () => {
    const { caller, service, commands, close } = await rig();
    const begun = Promise.withResolvers<void>();
    service.serve('test.slow', async (_, { signal }) => {
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return 'closed';
    });
    const stop = new AbortController();
    const calling = expect(caller.call('2:b', 'test.slow', 'x', { ...TEXT, signal: stop.signal })).rejects.toThrow();
    await begun.promise;
    stop.abort();
    await calling;
    expect(commands()).toEqual(['test.slow']);
    await close();
  });
});
