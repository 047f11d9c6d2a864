import { describe, expect, it } from 'vitest';
import { startMemoryBus } from '../test/rig/clients/memory-bus.ts';
import { RmbError } from './errors.ts';

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
});
