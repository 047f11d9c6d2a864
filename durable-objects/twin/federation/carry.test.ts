import { describe, expect, it } from 'vitest';
import { carry } from './carry.ts';
import { KnownRelays } from './known-relays.ts';

/** Relays that answer their list of statuses one by one, the last for ever; undefined is no answer. */
async function run(
  relays: Record<string, readonly (number | undefined)[]>,
  {
    lateAfter = Number.POSITIVE_INFINITY,
    isRetry = false,
    known = new KnownRelays(),
  }: { lateAfter?: number; isRetry?: boolean; known?: KnownRelays } = {},
) {
  const posts: string[] = [];
  const failures: string[] = [];
  const pauses: number[] = [];
  const slots: string[] = [];
  const carried = await carry(Object.keys(relays), isRetry, {
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
    standing: (domain) => known.standing(domain, 0),
    failed: (domain, how) => {
      failures.push(domain);
      if (how === 'odd') known.answeredOddly(domain, 0);
      else known.failed(domain, 0);
    },
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

  it.each([200, 201, 204, 301, 302, 307, 405, 408, 415, 429, 501, 500, 502, 503, 508, undefined])(
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

  it('goes once over all relays when it is a retry', async () => {
    expect(await run({ a: [500], b: [undefined] }, { isRetry: true })).toMatchObject({
      carried: 'failed',
      posts: ['a', 'b'],
    });
  });

  it.each([200, 204, 302, 307, 405, 415, 426, 501])(
    'asks a host that answers %s once: it is no relay',
    async (status) => {
      expect(await run({ a: [status] })).toMatchObject({ carried: 'not-a-relay', posts: ['a'] });
      expect(await run({ a: [status], b: [500, 500, 202] })).toMatchObject({
        carried: 'accepted',
        posts: ['a', 'b', 'b', 'b'],
      });
    },
  );

  it('asks a relay that took a message before again, whatever it answers', async () => {
    const known = new KnownRelays();
    known.accepted('a');
    expect(await run({ a: [200, 302, 202] }, { known })).toMatchObject({ carried: 'accepted', posts: ['a', 'a', 'a'] });
  });

  it('asks no host that rests', async () => {
    const known = new KnownRelays();
    for (let n = 0; n < 8; n += 1) known.failed('a', 0);
    expect(await run({ a: [202] }, { known })).toMatchObject({ carried: 'failed', posts: [] });
  });

  it('is saved by a later pass', async () => {
    expect(await run({ a: [500, 500, 202] })).toMatchObject({ carried: 'accepted' });
  });

  it('ends when the time is over, without a request after it', async () => {
    expect(await run({ a: [500] }, { lateAfter: 0 })).toMatchObject({ carried: 'late', posts: [] });
    expect(await run({ a: [500] }, { lateAfter: 2 })).toMatchObject({ carried: 'late', posts: ['a', 'a'] });
    expect(await run({ a: [500] }, { lateAfter: 3 })).toMatchObject({ carried: 'late', posts: ['a', 'a', 'a'] });
  });
});
