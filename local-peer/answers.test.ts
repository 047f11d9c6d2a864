import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SentAnswers } from './answers.ts';

const bytes = (length: number) => new Uint8Array(length);

describe('SentAnswers', () => {
  it('gives the answers of a request back in order, and none to another twin', () => {
    const answers = new SentAnswers();
    const [first, second] = [bytes(1), bytes(2)];
    answers.add(7, 'u', first);
    answers.add(7, 'u', second);
    expect(answers.find(7, 'u')).toEqual([first, second]);
    expect(answers.find(8, 'u')).toEqual([]);
  });

  it('holds the newest, and never more than it may, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(60))), (sent) => {
        const answers = new SentAnswers(100);
        for (const [n, length] of sent) answers.add(1, String(n), bytes(length));
        const kept = [0, 1, 2, 3, 4, 5].flatMap((n) => answers.find(1, String(n)));
        expect(kept.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(100);
        const last = sent.at(-1);
        // One request that is answered without end loses all: it is the oldest and the newest.
        if (last !== undefined && sent.length === 1) expect(kept).toHaveLength(1);
      }),
    );
  });

  it('keeps nothing that is too large to be kept', () => {
    const answers = new SentAnswers(100);
    answers.add(1, 'small', bytes(10));
    answers.add(1, 'large', bytes(101));
    expect([answers.find(1, 'small').length, answers.find(1, 'large').length]).toEqual([1, 0]);
  });
});
