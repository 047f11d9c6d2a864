import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_TICK_MS, type Silence, type SilenceEffect, type SilenceEvent, watchSilence } from './silence.ts';

const patience = { reportMs: 5_000, dropMs: 10_000 };

/** Runs events, each with the ms that passed before it. Returns the effects of each. */
function run(steps: readonly (readonly [SilenceEvent, number])[]): SilenceEffect[][] {
  let silence: Silence | undefined;
  let now = 0;
  return steps.map(([event, passed]) => {
    now += passed;
    const step = watchSilence(silence, event, now, patience);
    silence = step.silence;
    return [...step.effects];
  });
}

const ticks = (count: number) => Array.from({ length: count }, () => ['tick', 1_000] as const);

describe('watchSilence', () => {
  it('reports a connection after 5 s without an answer, and drops it after 10 s', () => {
    const effects = run([['ready', 0], ...ticks(11)]);
    expect(effects.map(([first]) => first)).toEqual([
      undefined,
      'ask',
      ...Array(4).fill(undefined),
      'report-silent',
      ...Array(4).fill(undefined),
      'drop',
    ]);
  });

  it('reports an answer only after it has reported silence', () => {
    expect(run([['ready', 0], ...ticks(2), ['answered', 0]]).at(-1)).toEqual([]);
    expect(run([['ready', 0], ...ticks(6), ['answered', 0]]).at(-1)).toEqual(['report-heard']);
  });

  it('drops a connection whose question cannot be asked, and asks again meanwhile', () => {
    const effects = run([['ready', 0], ...ticks(11).flatMap((each) => [each, ['unasked', 0] as const])]);
    expect(effects.filter(([first]) => first === 'ask')).toHaveLength(10);
    expect(effects.flat().at(-1)).toBe('drop');
  });

  const event = fc.constantFrom<SilenceEvent>('ready', 'lost', 'answered', 'unasked', 'tick');
  const steps = fc.array(fc.tuple(event, fc.integer({ min: 0, max: 20_000 })), { maxLength: 60 });

  it('never has two questions on their way, and does nothing without a connection', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const effects = run(all);
        let [isAsked, isThere] = [false, false];
        all.forEach(([event], n) => {
          const now = effects[n] ?? [];
          if (event === 'ready') isThere = true;
          if (event !== 'tick') isAsked = false;
          if (event === 'lost') isThere = false;
          if (!isThere) expect(now).toEqual([]);
          if (now.includes('ask')) expect(isAsked).toBe(false);
          if (now.includes('ask')) isAsked = true;
          if (now.includes('drop')) [isAsked, isThere] = [false, false];
        });
      }),
    );
  });

  it('drops no connection that answers within its patience, however late a tick comes', () => {
    const tickAndAnswer = fc.tuple(fc.integer({ min: 0, max: 10 ** 8 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(tickAndAnswer, { maxLength: 60 }), (all) => {
        let unanswered = 0;
        const events = all.flatMap(([passed, isAnswered]): (readonly [SilenceEvent, number])[] => {
          // As many ticks without an answer as fit into the patience, the longest that a tick counts.
          unanswered = isAnswered || unanswered + 1 >= patience.dropMs / MOST_TICK_MS ? 0 : unanswered + 1;
          return unanswered === 0
            ? [
                ['tick', passed],
                ['answered', 0],
              ]
            : [['tick', passed]];
        });
        expect(run([['ready', 0], ...events]).flat()).not.toContain('drop');
      }),
    );
  });

  it('drops every connection that never answers', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1_000, max: 5_000 }), { minLength: 12, maxLength: 20 }), (all) => {
        const effects = run([['ready', 0], ...all.map((passed) => ['tick', passed] as const)]).flat();
        expect(effects.filter((each) => each === 'drop')).toHaveLength(1);
      }),
    );
  });
});
