import { describe, expect, it } from 'vitest';
import { RmbError } from '../errors.ts';
import { callMany } from './call-many.ts';

/** Calls that the test ends, one by one. */
function rig() {
  const begun = new Map<number | string, PromiseWithResolvers<string> & { signal: AbortSignal }>();
  const call = (twin: number | string, signal: AbortSignal) => {
    const pending = { ...Promise.withResolvers<string>(), signal };
    begun.set(twin, pending);
    return pending.promise;
  };
  return { begun, call, end: (twin: number) => begun.get(twin)?.resolve(`of ${twin}`) };
}

describe('callMany', () => {
  it('calls no more than its limit at once, and yields each result when it comes', async () => {
    const { begun, call, end } = rig();
    const results = callMany([1, 2, 3], call, { parallel: 2 });
    expect(begun.size).toBe(0);
    const first = results.next();
    expect([...begun.keys()]).toEqual([1, 2]);
    end(2);
    expect((await first).value).toEqual({ twin: 2, ok: true, data: 'of 2' });
    const second = results.next();
    expect([...begun.keys()]).toEqual([1, 2, 3]);
    end(3);
    expect((await second).value).toEqual({ twin: 3, ok: true, data: 'of 3' });
    end(1);
    expect((await results.next()).value).toEqual({ twin: 1, ok: true, data: 'of 1' });
    expect((await results.next()).done).toBe(true);
  });

  it('begins no call while its reader leaves results unread', async () => {
    const { begun, call, end } = rig();
    const results = callMany([1, 2, 3, 4], call, { parallel: 2 });
    const first = results.next();
    end(1);
    end(2);
    await first;
    expect([...begun.keys()]).toEqual([1, 2]);
  });

  it('yields an error as a result', async () => {
    const { begun, call } = rig();
    const results = callMany([1, 2], call, {});
    const first = results.next();
    const offline = new RmbError('offline', 'twin 2 is offline', { twin: 2 });
    begun.get(2)?.reject(offline);
    expect((await first).value).toEqual({ twin: 2, ok: false, error: offline });
  });

  it('aborts the calls under way when its reader leaves, and when the signal aborts', async () => {
    const { begun, call, end } = rig();
    const results = callMany([1, 2, 3], call, { parallel: 2 });
    const first = results.next();
    end(1);
    await first;
    await results.return();
    expect([begun.get(2)?.signal.aborted, begun.has(3)]).toEqual([true, false]);
    const stop = new AbortController();
    const other = rig();
    void callMany([1], other.call, { signal: stop.signal }).next();
    stop.abort();
    expect(other.begun.get(1)?.signal.aborted).toBe(true);
  });

  it('refuses zero calls at once', async () => {
    const results = callMany([1], rig().call, { parallel: 0 });
    await expect(results.next()).rejects.toMatchObject({ code: 'invalid' });
  });
});
