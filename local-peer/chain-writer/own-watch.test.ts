import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Twin } from '../../proto/twin.ts';
import { OwnWatch } from './own-watch.ts';
import type { Registered } from './registrar.ts';

const HOUR = 3_600_000;
const pk = new Uint8Array(33).fill(2);
const right: Twin = { id: 7, account: new Uint8Array(32), relay: 'own.example', pk };
const wrong: Twin = { ...right, relay: 'theirs.example' };

/** Watches twin 7. The test ends its pauses and gives its answers. */
function rig(options: { keepOnChain?: boolean; outcomes?: Registered[] } = {}) {
  const happened = new EventEmitter();
  const clock = { now: 0 };
  const pauses: { ms: number; end: (isOn: boolean) => void }[] = [];
  const questions: PromiseWithResolvers<Twin | undefined>[] = [];
  const said: string[] = [];
  const states: boolean[] = [];
  const writes: number[] = [];
  const keep = (_: object, message: string) => void said.push(message);
  const outcomes = [...(options.outcomes ?? [])];
  const watch: OwnWatch = new OwnWatch(
    7,
    { relays: [new URL('wss://own.example')], pk },
    {
      chain: {
        twin: () => {
          const question = Promise.withResolvers<Twin | undefined>();
          questions.push(question);
          happened.emit('any');
          return question.promise;
        },
      },
      log: { debug: keep, info: keep, warn: keep, error: keep },
      onState: ({ isUp }) => void states.push(isUp),
      onTwin: () => undefined,
      register:
        options.outcomes === undefined
          ? undefined
          : async () => {
              writes.push(clock.now);
              const outcome = outcomes.shift() ?? 'stopped';
              if (outcome === 'written') watch.seen(right);
              happened.emit('any');
              return outcome;
            },
      keepOnChain: options.keepOnChain ?? false,
      now: () => clock.now,
      pause: (ms) => {
        const { promise, resolve } = Promise.withResolvers<boolean>();
        pauses.push({ ms, end: resolve });
        happened.emit('any');
        return promise;
      },
    },
  );
  /** Resolves when the list has so many entries. */
  const reaches = async (list: readonly unknown[], count: number) => {
    while (list.length < count) await once(happened, 'any');
    await new Promise(setImmediate);
  };
  return { watch, clock, pauses, questions, said, states, writes, reaches };
}

describe('a watch over the own twin', () => {
  it('warns once of a change, names the next step, and reports when the twin is right again', () => {
    const { watch, said, states } = rig();
    for (const twin of [right, wrong, wrong, right, { ...wrong, id: 8 }]) watch.seen(twin);
    expect(said).toEqual([
      'chain: twin 7 has relay theirs.example on chain, expected own.example: others do not reach this peer; start it once without --no-update to write the values of this peer',
      'chain: the own twin is right again',
    ]);
    expect(states).toEqual([true, false, false, true]);
  });

  it('leaves the log to the registrar while it writes, and logs when it has failed', async () => {
    const { watch, said, questions } = rig({ outcomes: ['refused'] });
    const started = watch.start();
    questions[0]?.resolve(wrong);
    watch.seen(wrong);
    expect(said).toEqual([]);
    await started;
    expect(said).toEqual([expect.stringMatching(/; start the peer again .*, or use --keep-on-chain$/)]);
  });

  it('logs nothing when the peer stops before its twin is written', async () => {
    const { watch, said, questions } = rig({ outcomes: ['stopped'] });
    const started = watch.start();
    questions[0]?.resolve(wrong);
    watch.seen(wrong);
    await started;
    expect(said).toEqual([]);
  });

  it('looks again until the chain answers', async () => {
    const { watch, questions, pauses, states, reaches } = rig();
    watch.look();
    questions[0]?.reject(new Error('the chain is out of reach'));
    await reaches(pauses, 1);
    pauses[0]?.end(true);
    await reaches(questions, 2);
    questions[1]?.resolve(wrong);
    await reaches([], 0);
    expect(states).toEqual([false]);
  });

  it('looks once more when blocks were missed during a look', async () => {
    const { watch, questions, states, reaches } = rig();
    watch.look();
    watch.look();
    questions[0]?.resolve(right);
    await reaches(questions, 2);
    questions[1]?.resolve(wrong);
    await reaches([], 0);
    expect([states, questions.length]).toEqual([[true, false], 2]);
  });

  it('believes an event more than an answer to an older question', async () => {
    const { watch, questions, states, reaches } = rig();
    watch.look();
    watch.seen(wrong);
    questions[0]?.resolve(right);
    await reaches([], 0);
    expect(states).toEqual([false]);
  });
});

describe('a watch that keeps the own twin on chain', () => {
  it('writes at once, and then at most once an hour', async () => {
    const { watch, clock, pauses, writes, reaches } = rig({ keepOnChain: true, outcomes: ['written', 'written'] });
    watch.seen(wrong);
    await reaches(writes, 1);
    clock.now = 60_000;
    watch.seen(wrong);
    await reaches([], 0);
    expect([writes, pauses.map(({ ms }) => ms)]).toEqual([[0], [HOUR - 60_000]]);
    clock.now = HOUR;
    pauses[0]?.end(true);
    await reaches(writes, 2);
    expect(writes).toEqual([0, HOUR]);
  });

  it('writes nothing when the twin is right by then', async () => {
    const { watch, clock, pauses, writes, reaches } = rig({ keepOnChain: true, outcomes: ['written', 'written'] });
    watch.seen(wrong);
    await reaches(writes, 1);
    watch.seen(wrong);
    await reaches([], 0);
    expect(pauses).toHaveLength(1);
    watch.seen(right);
    clock.now = HOUR;
    pauses[0]?.end(true);
    await reaches([], 0);
    expect(writes).toEqual([0]);
  });

  it('writes nothing after the start when the write at the start was refused', async () => {
    const { watch, questions, writes, reaches } = rig({ keepOnChain: true, outcomes: ['refused', 'written'] });
    const started = watch.start();
    questions[0]?.resolve(wrong);
    await started;
    watch.seen(right);
    watch.seen(wrong);
    await reaches([], 0);
    expect(writes).toEqual([0]);
  });

  it('writes no more after a refusal that cost a fee', async () => {
    const { watch, writes, reaches } = rig({ keepOnChain: true, outcomes: ['refused', 'written'] });
    watch.seen(wrong);
    await reaches(writes, 1);
    watch.seen(right);
    watch.seen(wrong);
    await reaches([], 0);
    expect(writes).toEqual([0]);
  });
});
