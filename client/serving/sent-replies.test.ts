import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SentReplies } from './sent-replies.ts';

const bytes = (length: number) => new Uint8Array(length);

describe('SentReplies', () => {
  it('returns the replies of a request in order, and none for another twin', () => {
    const answers = new SentReplies();
    const [first, second] = [bytes(1), bytes(2)];
    answers.add(7, 'u', first);
    answers.add(7, 'u', second);
    expect(answers.find(7, 'u')).toEqual([first, second]);
    expect(answers.find(8, 'u')).toEqual([]);
  });

  it('keeps the newest replies unchanged, and never more bytes than its limit', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(60)), { minLength: 1 }), (sent) => {
        const answers = new SentReplies(100);
        const all = sent.map(([n, length], at) => ({ uid: String(n), frame: new Uint8Array(length).fill(at) }));
        for (const { uid, frame } of all) answers.add(1, uid, frame);
        const kept = new Map([0, 1, 2, 3, 4, 5].map((n) => [String(n), answers.find(1, String(n))]));
        const bytes = [...kept.values()].flat().reduce((sum, { length }) => sum + length, 0);
        expect(bytes).toBeLessThanOrEqual(100);
        for (const [uid, frames] of kept) {
          const newest = all.filter((each) => each.uid === uid).slice(-frames.length || all.length);
          expect(frames).toEqual(newest.map(({ frame }) => frame));
        }
        const last = all.at(-1);
        expect(kept.get(last?.uid ?? '')?.at(-1)).toEqual(last?.frame);
      }),
    );
  });

  it('keeps nothing that is too large to be kept', () => {
    const answers = new SentReplies(100);
    answers.add(1, 'small', bytes(10));
    answers.add(1, 'large', bytes(101));
    expect([answers.find(1, 'small').length, answers.find(1, 'large').length]).toEqual([1, 0]);
  });
});
