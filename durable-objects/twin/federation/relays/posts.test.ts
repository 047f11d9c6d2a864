import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRelayBatch, MOST_BATCH_BYTES } from '../../../../proto/batch/relay-batch.ts';
import type { Answer } from './outcome.ts';
import { type Posting, Posts } from './posts.ts';

/** How a relay answers a request. */
type Manner = 'answers' | 'refuses' | 'fails';

/** A request that a relay got: the numbers of its envelopes. */
interface Requested {
  readonly domain: string;
  readonly numbers: readonly number[];
  answer(manner: Manner): void;
}

interface Sent {
  readonly bytes: number;
  readonly via: string;
  readonly isWanted: () => boolean;
}

function rig(most: (domain: string) => number = () => 128) {
  const open: Requested[] = [];
  const requests: Requested[] = [];
  const flying = new Set<number>();
  const numberOf = new Map<Posting, number>();
  let refused = false;
  const request = (domain: string, postings: readonly Posting[]) => {
    const { promise, resolve } = Promise.withResolvers<readonly Answer[] | 'refused' | undefined>();
    const numbers = postings.map((each) => numberOf.get(each) ?? -1);
    const made: Requested = {
      domain,
      numbers,
      answer: (manner) => {
        open.splice(open.indexOf(made), 1);
        if (manner === 'refuses') refused = true;
        const answers = numbers.map((number) => ({ status: 200 + (number % 100) }));
        resolve(manner === 'answers' ? answers : manner === 'refuses' ? 'refused' : undefined);
      },
    };
    requests.push(made);
    open.push(made);
    return promise;
  };
  const posts = new Posts({
    gather: async () => undefined,
    most: (domain) => (refused ? 1 : most(domain)),
    post: async (domain, posting) => {
      const answers = await request(domain, [posting]);
      return answers === 'refused' ? { status: 400 } : answers?.[0];
    },
    postBatch: (domain, postings) => request(domain, postings),
  });
  let next = 0;
  const send = (domain: string, { bytes = 10, via = 'own', isWanted = () => true }: Partial<Sent> = {}) => {
    const number = next;
    next += 1;
    const posting: Posting = {
      bytes: new Uint8Array(bytes),
      ifAway: 'store',
      via,
      isWanted,
      inFlight: (isIt) => void (isIt ? flying.add(number) : flying.delete(number)),
    };
    numberOf.set(posting, number);
    return posts.send(domain, posting);
  };
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  /** Answers all requests, and those that follow. */
  const answerAll = async () => {
    await settle();
    for (let request = open[0]; request !== undefined; request = open[0]) {
      request.answer('answers');
      await settle();
    }
  };
  return { send, settle, answerAll, open, requests, flying };
}

const numbers = (requests: readonly Requested[]) => requests.map((each) => each.numbers);

describe('Posts', () => {
  it('sends envelopes that wait for the same relay in one request, each with an answer of its own', async () => {
    const { send, settle, open } = rig();
    const first = [send('a'), send('b'), send('a')];
    await settle();
    expect(numbers(open)).toEqual([[0, 2], [1]]);
    const later = [send('a'), send('a')];
    await settle();
    expect(numbers(open)).toEqual([[0, 2], [1], [3, 4]]);
    for (const each of [...open]) each.answer('answers');
    expect(await Promise.all([...first, ...later])).toEqual([200, 201, 202, 203, 204].map((status) => ({ status })));
  });

  it('has two requests to a relay in flight, and gathers what comes meanwhile', async () => {
    const { send, settle, open, flying } = rig();
    for (let n = 0; n < 6; n += 1) {
      void send('a');
      await settle();
    }
    expect([numbers(open), [...flying]]).toEqual([
      [[0], [1]],
      [0, 1],
    ]);
    open[0]?.answer('answers');
    await settle();
    expect([numbers(open), [...flying]]).toEqual([
      [[1], [2, 3, 4, 5]],
      [1, 2, 3, 4, 5],
    ]);
  });

  it('sends one envelope a request to a relay that takes no batches', async () => {
    const { send, settle, open } = rig(() => 1);
    for (let n = 0; n < 3; n += 1) void send('a');
    await settle();
    expect(numbers(open)).toEqual([[0], [1]]);
  });

  it('keeps the bounds of a batch, and sends a larger envelope alone', async () => {
    const { send, answerAll, requests } = rig();
    const half = MOST_BATCH_BYTES / 2 - 5;
    for (const bytes of [half, half, 10, 10, MOST_BATCH_BYTES, 10]) void send('a', { bytes });
    await answerAll();
    expect(numbers(requests)).toEqual([[0], [1, 2, 3], [4], [5]]);
  });

  it('sends the envelopes of a batch that is refused one by one, before later ones', async () => {
    const { send, settle, answerAll, open, requests } = rig();
    const sent = [send('a'), send('a'), send('a')];
    await settle();
    const later = send('a');
    open[0]?.answer('refuses');
    await answerAll();
    expect(numbers(requests)).toEqual([[0, 1, 2], [3], [0], [1], [2]]);
    expect(await Promise.all([...sent, later])).toEqual([200, 201, 202, 203].map((status) => ({ status })));
  });

  it('tells each envelope of a batch that got no answer', async () => {
    const { send, settle, open } = rig();
    const sent = [send('a'), send('a')];
    await settle();
    open[0]?.answer('fails');
    expect(await Promise.all(sent)).toEqual([undefined, undefined]);
  });

  it('asks before the request whether an envelope still has to go', async () => {
    const { send, settle, open } = rig();
    let isWanted = true;
    void send('a');
    await settle();
    void send('a');
    await settle();
    const late = send('a', { isWanted: () => isWanted });
    const other = send('a');
    isWanted = false;
    open[0]?.answer('answers');
    await settle();
    expect([numbers(open), await late]).toEqual([[[1], [3]], 'unsent']);
    open[1]?.answer('answers');
    expect(await other).toEqual({ status: 203 });
  });

  it('names one relay in a batch as its sender', async () => {
    const { send, settle, open } = rig();
    for (const via of ['own', 'own', 'alias']) void send('a', { via });
    await settle();
    expect(numbers(open)).toEqual([[0, 1], [2]]);
  });

  it('answers each envelope once, within the bounds, whatever relays do', async () => {
    const step = fc.record({
      domain: fc.constantFrom('a', 'b', 'c', 'd'),
      bytes: fc.integer({ min: 0, max: 40_000 }),
      manner: fc.constantFrom<Manner>('answers', 'answers', 'fails', 'refuses'),
      pick: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { send, settle, answerAll, open, requests } = rig();
        const answers: (Answer | 'unsent' | undefined)[][] = [];
        for (const [n, { domain, bytes, manner, pick }] of steps.entries()) {
          answers.push([]);
          void send(domain, { bytes }).then((answer) => void answers[n]?.push(answer));
          if (pick % 3 === 0) await settle();
          for (const one of 'abcd') expect(open.filter((each) => each.domain === one).length).toBeLessThanOrEqual(2);
          if (pick % 2 === 0 && open.length > 0) open[pick % open.length]?.answer(manner);
        }
        await answerAll();
        expect(answers.every((each) => each.length === 1)).toBe(true);
        for (const { numbers: sent } of requests.filter((each) => each.numbers.length > 1)) {
          const batch = sent.map((n) => ({ bytes: new Uint8Array(steps[n]?.bytes ?? 0), mayStore: true }));
          expect(() => encodeRelayBatch(batch)).not.toThrow();
        }
      }),
      { numRuns: 100 },
    );
  });
});
