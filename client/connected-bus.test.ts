import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { startMemoryBus } from '../test/rig/clients/memory-bus.ts';
import { RmbError } from './errors.ts';

/** Reads so many items, or those that are left. */
async function take<Item>(items: AsyncIterator<Item>, count: number): Promise<Item[]> {
  const taken: Item[] = [];
  while (taken.length < count) {
    const { done, value } = await items.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

describe('a connected bus', () => {
  it('carries a call to a handler of another twin, encrypted, and its response back', async () => {
    const { relay, join } = await startMemoryBus();
    const [caller, service] = await Promise.all([join(1, { sid: 'a' }), join(2, { sid: 'b' })]);
    service.serve('test.upper', ({ data, source, isEncrypted }) => {
      return `${source} ${isEncrypted} ${new TextDecoder().decode(data).toUpperCase()}`;
    });
    const { data, source } = await caller.request('2:b', 'test.upper', 'hello');
    expect([new TextDecoder().decode(data), source]).toEqual(['1:a true HELLO', '2:b']);
    const payloads = relay.sockets.flatMap(({ envelopes }) => envelopes).flatMap(({ payload }) => payload ?? []);
    expect(payloads.map(({ kind }) => kind)).toEqual(['cipher', 'cipher']);
    await Promise.all([caller.close(), service.close()]);
  });

  it('closes when its signal aborts', async () => {
    const { join } = await startMemoryBus();
    const stop = new AbortController();
    const bus = await join(1, { signal: stop.signal });
    stop.abort();
    await expect(bus.call(2, 'test.x')).rejects.toThrow(RmbError);
    await bus.close();
    await expect(join(1, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
  });

  it('answers requests in work before it closes', async () => {
    const { join } = await startMemoryBus();
    const [caller, service] = await Promise.all([join(1, { sid: 'a' }), join(2, { sid: 'b' })]);
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise, resolve } = Promise.withResolvers<void>();
    service.serve('test.slow', async () => {
      begin();
      await promise;
      return 'done';
    });
    const reply = caller.request('2:b', 'test.slow');
    await begun;
    const closing = service.close();
    resolve();
    expect(new TextDecoder().decode((await reply).data)).toBe('done');
    await closing;
    await caller.close();
  });

  it('says why replies may go astray', async () => {
    const { join } = await startMemoryBus('other.example');
    const bus = await join(1);
    expect(await bus.misplaced()).toBe(
      'twin 1 has relay other.example on chain, expected relay: twins of other relays reply there',
    );
    await bus.close();
  });

  it('carries values, bytes with a schema, and a table of many twins', async () => {
    const { join } = await startMemoryBus();
    const [caller, service] = await Promise.all([join(1, { sid: 'a' }), join(2, { sid: 'b' })]);
    service.router('test').serve('next', { in: z.number() }, (n) => n + 1);
    service.serve('test.echo', ({ data }) => data);
    expect(await caller.call('2:b', 'test.next', 1)).toBe(2);
    const bytes = await caller.call('2:b', 'test.echo', 'x', { schema: 'text/plain' });
    expect(bytes).toEqual(new Uint8Array([0x78]));
    const table = await take(caller.callMany(['2:b', 'nobody', '2:b'], 'test.next', 1), 4);
    const rows = table.map((row) => [row.twin, row.ok ? row.data : row.error.code]).sort();
    expect(rows).toEqual([
      ['2:b', 2],
      ['2:b', 2],
      ['nobody', 'invalid'],
    ]);
    await Promise.all([caller.close(), service.close()]);
  });

  it('drains when the last call, request and envelope is done, and when it closes', async () => {
    const { join } = await startMemoryBus();
    const [caller, service] = await Promise.all([join(1, { sid: 'a' }), join(2, { sid: 'b' })]);
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    service.serve('test.slow', {}, async () => {
      begun.resolve();
      await ended.promise;
    });
    const call = caller.call('2:b', 'test.slow');
    await begun.promise;
    const drained: string[] = [];
    const drains = [caller, service].map((bus) => bus.drain().then(() => drained.push(bus.state.address)));
    await Promise.resolve();
    expect(drained).toEqual([]);
    ended.resolve();
    await Promise.all([call, ...drains]);
    const lost = caller.call('2:b', 'test.unheard', 1).catch(() => undefined);
    const closing = caller.drain();
    await Promise.all([caller.close(), closing, lost, service.close()]);
  });

  it('closes within a second, whatever its handlers do', async () => {
    const { join } = await startMemoryBus();
    const [caller, service] = await Promise.all([join(1, { sid: 'a' }), join(2, { sid: 'b' })]);
    const begun = Promise.withResolvers<void>();
    service.serve('test.endless', {}, () => {
      begun.resolve();
      return new Promise<never>(() => undefined);
    });
    const call = expect(caller.call('2:b', 'test.endless')).rejects.toMatchObject({ code: 'closed' });
    await begun.promise;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const closing = Promise.all([caller.close(), service.close(), service.drain()]);
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all([closing, call]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells that a relay is lost, and that the twin has another one on chain', async () => {
    const { join, relay } = await startMemoryBus('other.example');
    const bus = await join(1);
    const events = bus.status();
    expect(await take(events, 4)).toEqual([
      { type: 'chain', isUp: true, detail: '' },
      { type: 'buffer', isFull: false },
      { type: 'relay', relay: 'relay', isUp: true, custody: false, detail: '' },
      { type: 'placement', isMisplaced: true, detail: expect.stringContaining('relay other.example on chain') },
    ]);
    relay.sockets[0]?.end({ code: 1006, detail: 'gone' });
    const lost = { type: 'relay', relay: 'relay', isUp: false, custody: false, detail: 'gone' };
    expect(await take(events, 1)).toEqual([lost]);
    await bus.close();
    const left = await take(events, Number.POSITIVE_INFINITY);
    expect(left.every(({ type }) => type === 'relay')).toBe(true);
  });
});
