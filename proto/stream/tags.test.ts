import { describe, expect, it } from 'vitest';
import { creditIn, partIn, partTags, streamTags } from './tags.ts';

describe('the tags of a stream', () => {
  it('say how many replies a request takes', () => {
    expect(streamTags(64)).toBe('rmb.stream,rmb.credit=64');
    expect(creditIn(`fail-fast,${streamTags(64)}`)).toBe(64);
    expect(creditIn('rmb.stream rmb.credit=7\nother')).toBe(7);
  });

  it('grant one reply when the credit is absent or invalid', () => {
    expect(['rmb.stream', 'rmb.stream,rmb.credit=-1', 'rmb.stream,rmb.credit=4294967296'].map(creditIn)).toEqual([
      1, 1, 1,
    ]);
  });

  it('are not in a plain request', () => {
    expect([null, undefined, '', 'rmb.streams', 'rmb.credit=9'].map(creditIn)).toEqual(Array(5).fill(undefined));
  });

  it('number a reply, and say whether more follow', () => {
    for (const part of [
      { seq: 0, isLast: false },
      { seq: 4294967295, isLast: true },
    ]) {
      expect(partIn(`${partTags(part)},rmb.seal2=x`)).toEqual(part);
    }
    expect(partTags({ seq: 3, isLast: false })).toBe('rmb.more,rmb.seq=3');
  });

  it('make no part of a reply without a valid number', () => {
    expect([undefined, 'rmb.more', 'rmb.seq=', 'rmb.seq=1x', 'rmb.seq=4294967296'].map(partIn)).toEqual(
      Array(5).fill(undefined),
    );
  });
});
