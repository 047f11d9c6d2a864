import { describe, expect, it } from 'vitest';
import type { Signal } from '../../proto/stream/signal.ts';
import { CREDIT, StreamCredits } from './stream-credits.ts';

const stream = { uid: 'u', twin: 7, queue: 'q', seconds: 60 };

/** Credits of streams to a list that holds `state.waiting` entries. A look waits for `next`. */
function rig(waiting: number) {
  const signals: Signal[] = [];
  const state = { waiting };
  let next = Promise.withResolvers<boolean>();
  let paused = Promise.withResolvers<void>();
  const credits = new StreamCredits({
    waiting: async () => state.waiting,
    signal: (_twin, _seconds, signal) => void signals.push(signal),
    pause: () => {
      paused.resolve();
      return next.promise;
    },
    onFault: (error) => {
      throw error;
    },
  });
  const upTo = (count: number) => {
    for (let seq = 0; seq < count; seq += 1) credits.replied(stream, { seq, isLast: false });
  };
  /** Lets a look that waits look again. */
  const pass = async (goesOn = true) => {
    await paused.promise;
    const { resolve } = next;
    next = Promise.withResolvers();
    paused = Promise.withResolvers();
    resolve(goesOn);
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { credits, signals, state, upTo, pass, turn };
}

describe('the credit of a program', () => {
  it('is raised when half of it is used and its list is short', async () => {
    const { signals, upTo, turn } = rig(0);
    upTo(CREDIT / 2 - 1);
    await turn();
    expect(signals).toEqual([]);
    upTo(CREDIT / 2);
    await turn();
    expect(signals).toEqual([{ kind: 'credit', uid: 'u', credit: CREDIT / 2 + CREDIT }]);
  });

  it('waits until the program has taken replies from its list', async () => {
    const { signals, state, upTo, pass, turn } = rig(CREDIT);
    upTo(CREDIT);
    await pass();
    await turn();
    expect(signals).toEqual([]);
    state.waiting = 3;
    await pass();
    await turn();
    expect(signals).toEqual([{ kind: 'credit', uid: 'u', credit: 2 * CREDIT }]);
  });

  it('ends with the last reply, and when the peer stops', async () => {
    const { credits, signals, state, upTo, pass, turn } = rig(CREDIT);
    upTo(CREDIT);
    credits.replied(stream, { seq: CREDIT, isLast: true });
    state.waiting = 0;
    await pass();
    await turn();
    expect(signals).toEqual([]);
    const stopped = rig(CREDIT);
    stopped.upTo(CREDIT);
    await stopped.pass(false);
    stopped.state.waiting = 0;
    await stopped.turn();
    expect(stopped.signals).toEqual([]);
  });

  it('goes on after a crash of the peer, with the first reply that comes', async () => {
    const { credits, signals, turn } = rig(0);
    credits.replied(stream, { seq: 999, isLast: false });
    await turn();
    expect(signals).toEqual([{ kind: 'credit', uid: 'u', credit: 1_000 + CREDIT }]);
  });
});
