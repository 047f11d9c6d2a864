import { describe, expect, it } from 'vitest';
import { carry } from './carry.ts';

/** Relays that answer their list of statuses one by one, the last for ever; undefined is no answer. */
async function run(relays: Record<string, readonly (number | undefined)[]>, lateAfter = Number.POSITIVE_INFINITY) {
  const posts: string[] = [];
  const failures: string[] = [];
  const pauses: number[] = [];
  const slots: string[] = [];
  const carried = await carry(Object.keys(relays), {
    inSlot: (domain, work) => {
      slots.push(domain);
      return work();
    },
    post: async (domain) => {
      const answers = relays[domain] ?? [];
      const answer = answers[Math.min(posts.filter((each) => each === domain).length, answers.length - 1)];
      posts.push(domain);
      return answer;
    },
    failed: (domain) => void failures.push(domain),
    isLate: () => posts.length >= lateAfter,
    sleep: async (ms) => void pauses.push(ms),
    random: () => 1,
  });
  return { carried, posts, failures, pauses, slots };
}

describe('carry', () => {
  it('is done with the first 202', async () => {
    expect(await run({ a: [202], b: [202] })).toMatchObject({ carried: 'accepted', posts: ['a'], failures: [] });
  });

  it.each([200, 201, 204, 301, 302, 307, 408, 429, 500, 502, 503, 508, undefined])(
    'takes %s for a failure that may pass, and asks the next relay',
    async (status) => {
      expect(await run({ a: [status], b: [202] })).toMatchObject({
        carried: 'accepted',
        posts: ['a', 'b'],
        failures: ['a'],
      });
    },
  );

  it.each([
    [400, 'rejected-form'],
    [401, 'rejected-sender'],
    [403, 'rejected-sender'],
    [404, 'rejected'],
    [409, 'rejected-other'],
    [410, 'rejected-late'],
    [413, 'rejected-size'],
    [421, 'rejected-loop'],
  ])('takes %s for final, at once, holds it against nobody, and knows it for %s', async (status, carried) => {
    expect(await run({ a: [status], b: [202] })).toMatchObject({ carried, posts: ['a'], failures: [] });
  });

  it('goes three times over all relays, with pauses that grow', async () => {
    expect(await run({ a: [500], b: [undefined] })).toEqual({
      carried: 'failed',
      posts: ['a', 'b', 'a', 'b', 'a', 'b'],
      slots: ['a', 'b', 'a', 'b', 'a', 'b'],
      failures: ['a', 'b', 'a', 'b', 'a', 'b'],
      pauses: [150, 300],
    });
  });

  it('is saved by a later pass', async () => {
    expect(await run({ a: [500, 500, 202] })).toMatchObject({ carried: 'accepted' });
  });

  it('ends when the time is over, without a request after it', async () => {
    expect(await run({ a: [500] }, 0)).toMatchObject({ carried: 'late', posts: [] });
    expect(await run({ a: [500] }, 2)).toMatchObject({ carried: 'late', posts: ['a', 'a'] });
    expect(await run({ a: [500] }, 3)).toMatchObject({ carried: 'late', posts: ['a', 'a', 'a'] });
  });
});
