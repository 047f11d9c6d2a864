import { describe, expect, it } from 'vitest';
import { forward, type Stores } from './forward.ts';
import { KnownRelays } from './known-relays.ts';
import type { Answer } from './outcome.ts';

/** An answer: a status, or an outcome of RMB edge. */
type Said = number | undefined | 'delivered' | 'stored' | 'away' | 'refused';

function answerOf(said: Said): Answer | undefined {
  if (said === undefined || typeof said === 'number') return said === undefined ? undefined : { status: said };
  return { status: said === 'away' || said === 'refused' ? 404 : 202, outcome: said };
}

/** Relays that answer one by one, and repeat the last answer; undefined is no response. */
async function run(
  relays: Record<string, readonly Said[]>,
  {
    lateAfter = Number.POSITIVE_INFINITY,
    isRetry = false,
    known = new KnownRelays(),
    stores = 'there',
    wereAway = [],
  }: {
    lateAfter?: number;
    isRetry?: boolean;
    known?: KnownRelays;
    stores?: Stores;
    wereAway?: readonly string[];
  } = {},
) {
  const posts: string[] = [];
  const returning: string[] = [];
  const failures: string[] = [];
  const pauses: number[] = [];
  const slots: string[] = [];
  const forwarded = await forward(Object.keys(relays), isRetry, {
    stores,
    wasAway: (domain) => wereAway.includes(domain),
    post: async (domain, ifAway, isWanted) => {
      slots.push(domain);
      if (!isWanted()) return 'unsent';
      if (ifAway === 'return') returning.push(domain);
      const answers = relays[domain] ?? [];
      const answer = answers[Math.min(posts.filter((each) => each === domain).length, answers.length - 1)];
      posts.push(domain);
      return answerOf(answer);
    },
    status: (domain) => known.status(domain, 0),
    failed: (domain, how) => {
      failures.push(domain);
      if (how === 'odd') known.respondedOddly(domain, 0);
      else known.failed(domain, 0);
    },
    isLate: () => posts.length >= lateAfter,
    wait: async (ms) => void pauses.push(ms),
    random: () => 1,
  });
  return { forwarded, posts, failures, pauses, slots, returning };
}

describe('forward', () => {
  it('ends with the first 202', async () => {
    expect(await run({ a: [202], b: [202] })).toMatchObject({ forwarded: 'accepted', posts: ['a'], failures: [] });
  });

  it.each([200, 201, 204, 301, 302, 307, 405, 408, 415, 429, 501, 500, 502, 503, 508, undefined])(
    'takes %s for a temporary failure and asks the next relay',
    async (status) => {
      expect(await run({ a: [status], b: [202] })).toMatchObject({
        forwarded: 'accepted',
        posts: ['a', 'b'],
        failures: ['a'],
      });
    },
  );

  it.each([
    [400, 'rejected-form'],
    [401, 'rejected-sender'],
    [403, 'rejected-sender'],
    [409, 'rejected-other'],
    [410, 'rejected-late'],
    [413, 'rejected-size'],
    [421, 'rejected-loop'],
  ])('takes %s for final at once, as %s, and counts no failure', async (status, forwarded) => {
    expect(await run({ a: [status], b: [202] })).toMatchObject({ forwarded, posts: ['a'], failures: [] });
  });

  it('makes three passes over all relays, with growing pauses', async () => {
    expect(await run({ a: [500], b: [undefined] })).toEqual({
      returning: ['a', 'a', 'a'],
      forwarded: 'failed',
      posts: ['a', 'b', 'a', 'b', 'a', 'b'],
      slots: ['a', 'b', 'a', 'b', 'a', 'b'],
      failures: ['a', 'b', 'a', 'b', 'a', 'b'],
      pauses: [150, 300],
    });
  });

  it('makes one pass over all relays when it is a retry', async () => {
    expect(await run({ a: [500], b: [undefined] }, { isRetry: true })).toMatchObject({
      forwarded: 'failed',
      posts: ['a', 'b'],
    });
  });

  it.each([200, 204, 302, 307, 405, 415, 426, 501])(
    'asks a host that responds with %s only once, because it is no relay',
    async (status) => {
      expect(await run({ a: [status] })).toMatchObject({ forwarded: 'not-a-relay', posts: ['a'] });
      expect(await run({ a: [status], b: [500, 500, 202] })).toMatchObject({
        forwarded: 'accepted',
        posts: ['a', 'b', 'b', 'b'],
      });
    },
  );

  it('asks a relay that accepted an envelope before again, whatever it responds', async () => {
    const known = new KnownRelays();
    known.accepted('a');
    expect(await run({ a: [200, 302, 202] }, { known })).toMatchObject({
      forwarded: 'accepted',
      posts: ['a', 'a', 'a'],
    });
  });

  it('asks no paused host', async () => {
    const known = new KnownRelays();
    for (let n = 0; n < 8; n += 1) known.failed('a', 0);
    expect(await run({ a: [202] }, { known })).toMatchObject({ forwarded: 'failed', posts: [] });
  });

  it('succeeds in a later pass', async () => {
    expect(await run({ a: [500, 500, 202] })).toMatchObject({ forwarded: 'accepted' });
  });

  it('makes no request after the envelope expired', async () => {
    expect(await run({ a: [500] }, { lateAfter: 0 })).toMatchObject({ forwarded: 'late', posts: [] });
    expect(await run({ a: [500] }, { lateAfter: 2 })).toMatchObject({ forwarded: 'late', posts: ['a', 'a'] });
    expect(await run({ a: [500] }, { lateAfter: 3 })).toMatchObject({ forwarded: 'late', posts: ['a', 'a', 'a'] });
  });
});

describe('forward to relays that may store', () => {
  it('takes 404 for final when every relay says so, and moves on before', async () => {
    expect(await run({ a: [404] })).toMatchObject({ forwarded: 'rejected', posts: ['a'], failures: [] });
    expect(await run({ a: [404], b: [404] })).toMatchObject({ forwarded: 'rejected', posts: ['a', 'b'] });
    expect(await run({ a: [404], b: [202] })).toMatchObject({ forwarded: 'accepted', posts: ['a', 'b'] });
    expect(await run({ a: [404], b: [200] })).toMatchObject({ forwarded: 'rejected', posts: ['a', 'b'] });
  });

  it('asks no relay twice that said 404, while another one fails', async () => {
    expect(await run({ a: [404], b: [500] })).toMatchObject({ forwarded: 'failed', posts: ['a', 'b', 'b', 'b'] });
    expect(await run({ a: [404], b: [500, 404] })).toMatchObject({ forwarded: 'rejected', posts: ['a', 'b', 'b'] });
  });

  it('leaves the choice to the last relay, and asks all before it to return the envelope', async () => {
    expect(await run({ a: ['away'], b: ['away'], c: ['stored'] })).toMatchObject({
      forwarded: 'accepted',
      posts: ['a', 'b', 'c'],
      returning: ['a', 'b'],
    });
    expect(await run({ a: ['stored'] })).toMatchObject({ forwarded: 'accepted', returning: [] });
  });

  it('has the first relay of RMB edge store it when the last one does not take it', async () => {
    for (const last of [404, 'away', 'refused', 500, 200] as const) {
      expect(await run({ a: ['away', 'stored'], b: ['away'], c: [last] })).toMatchObject({
        forwarded: 'accepted',
        posts: ['a', 'b', 'c', 'a'],
        returning: ['a', 'b'],
      });
    }
    expect(await run({ a: ['away'], b: [404] })).toMatchObject({ forwarded: 'rejected', posts: ['a', 'b', 'a'] });
  });

  it('does not ask a relay that a moment ago did not have the session, but it may store', async () => {
    const wereAway = ['a', 'b'];
    expect(await run({ a: ['stored'], b: ['stored'] }, { wereAway })).toMatchObject({ posts: ['b'], returning: [] });
    expect(await run({ a: ['stored'], b: [500] }, { wereAway })).toMatchObject({
      forwarded: 'accepted',
      posts: ['b', 'a'],
    });
  });

  it('has nothing stored there when it is stored here', async () => {
    expect(await run({ a: ['away'], b: ['away'] }, { stores: 'here' })).toMatchObject({
      forwarded: 'rejected',
      posts: ['a', 'b'],
      returning: ['a', 'b'],
    });
    expect(await run({ a: ['away'] }, { stores: 'here', wereAway: ['a'] })).toMatchObject({ posts: [] });
    expect(await run({ a: [500], b: ['delivered'] }, { stores: 'here' })).toMatchObject({ forwarded: 'accepted' });
  });

  it('is over for an envelope that must fail fast when one relay said 404 and the others fail', async () => {
    const stores = 'nowhere';
    expect(await run({ a: ['away'], b: [500] }, { stores })).toMatchObject({
      forwarded: 'rejected',
      posts: ['a', 'b', 'b', 'b'],
    });
    expect(await run({ a: ['away'], b: ['delivered'] }, { stores })).toMatchObject({ forwarded: 'accepted' });
    expect(await run({ a: [500] }, { stores })).toMatchObject({ forwarded: 'failed' });
  });
});
