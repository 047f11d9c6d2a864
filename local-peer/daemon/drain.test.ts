import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { drain } from './drain.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Parts that note each call. A step lasts until the test ends it. */
function open({ isClean = true, areThereReceipts = true } = {}) {
  const calls: string[] = [];
  const steps = {
    entries: Promise.withResolvers<void>(),
    receipts: Promise.withResolvers<void>(),
    frames: Promise.withResolvers<void>(),
  };
  if (areThereReceipts) steps.receipts.resolve();
  const note = (call: string) => void calls.push(call);
  const draining = drain({
    finishEntries: () => {
      note('entries');
      return steps.entries.promise;
    },
    session: {
      stopSending: () => note('stop sending'),
      finish: () => {
        note('frames');
        return steps.frames.promise;
      },
      close: async () => {
        note('close');
        return isClean;
      },
    },
    receipts: () => steps.receipts.promise,
    leaveAwaited: async (isClean) => note(isClean ? 'awaited' : 'awaited with a receipt'),
  });
  return { calls, steps, draining };
}
/** Resolves when everything that is not held by the test has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('finishes entries, then frames, then closes the session, then settles what was sent', async () => {
  const { calls, steps, draining } = open();
  await settled();
  expect(calls).toEqual(['entries']);
  steps.entries.resolve();
  await settled();
  // The sockets are open until every frame is answered.
  expect(calls).toEqual(['entries', 'frames']);
  steps.frames.resolve();
  await draining;
  expect(calls).toEqual(['entries', 'frames', 'close', 'awaited']);
});

it('keeps entries for the next start when a relay may have missed an envelope', async () => {
  const { calls, steps, draining } = open({ isClean: false });
  steps.entries.resolve();
  steps.frames.resolve();
  await draining;
  expect(calls).toEqual(['entries', 'frames', 'close', 'awaited with a receipt']);
});

it('reads on until the receipts are there, for 4 s', async () => {
  for (const areInTime of [true, false]) {
    const { calls, steps, draining } = open({ areThereReceipts: false });
    steps.entries.resolve();
    await settled();
    expect(calls).toEqual(['entries']);
    if (areInTime) steps.receipts.resolve();
    else vi.advanceTimersByTime(4_000);
    await settled();
    expect(calls).toEqual(areInTime ? ['entries', 'frames'] : ['entries', 'stop sending', 'frames']);
    steps.frames.resolve();
    await settled();
    // The closed session ends the custody of all others.
    if (!areInTime) expect(calls.at(-1)).toBe('close');
    steps.receipts.resolve();
    await draining;
    expect(calls.at(-1)).toBe('awaited');
  }
});

it('gives up envelopes that wait for a relay after 4 s: a stop has 10 s', async () => {
  const { calls, steps, draining } = open();
  vi.advanceTimersByTime(3_999);
  expect(calls).toEqual(['entries']);
  vi.advanceTimersByTime(1);
  expect(calls).toEqual(['entries', 'stop sending']);
  steps.entries.resolve();
  steps.frames.resolve();
  await draining;
});

it('gives up envelopes in the same way while frames are processed', async () => {
  const { calls, steps, draining } = open();
  steps.entries.resolve();
  await settled();
  vi.advanceTimersByTime(4_000);
  expect(calls).toEqual(['entries', 'frames', 'stop sending']);
  steps.frames.resolve();
  await draining;
});

it('leaves no timer behind', async () => {
  const { calls, steps, draining } = open();
  steps.entries.resolve();
  steps.frames.resolve();
  await draining;
  expect(vi.getTimerCount()).toBe(0);
  expect(calls).not.toContain('stop sending');
});
