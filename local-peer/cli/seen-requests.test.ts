import { describe, expect, it } from 'vitest';
import { SeenRequests } from './seen-requests.ts';

describe('a request that was served', () => {
  it('is a repeat for its time, of its twin alone', () => {
    let now = 0;
    const seen = new SeenRequests(() => now);
    expect(seen.judge(6, 'u')).toBe('new');
    seen.add(6, 'u', 60);
    now = 59_999;
    expect([seen.judge(6, 'u'), seen.judge(6, 'v'), seen.judge(7, 'u')]).toEqual(['repeated', 'new', 'new']);
    now = 60_000;
    expect(seen.judge(6, 'u')).toBe('new');
  });

  it('is never forgotten in favour of another: a twin with too many is refused, others are not', () => {
    let now = 0;
    const seen = new SeenRequests(() => now, 2);
    seen.add(6, 'u', 60);
    seen.add(6, 'v', 30);
    expect([seen.judge(6, 'w'), seen.judge(6, 'u'), seen.judge(7, 'w')]).toEqual(['full', 'repeated', 'new']);
    now = 30_000;
    expect([seen.judge(6, 'w'), seen.judge(6, 'u')]).toEqual(['new', 'repeated']);
  });
});
