import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PartState } from '../../client/ports.ts';
import { isReady, missingParts, statusLine } from './readiness.ts';
import type { PeerState } from './state.ts';

const up: PartState = { isUp: true, detail: '' };
const down = (detail: string): PartState => ({ isUp: false, detail });
const state: PeerState = {
  twin: 7,
  redis: up,
  chain: up,
  onChain: undefined,
  relays: new Map([
    ['a.example', up],
    ['b.example', down('refused: 503')],
  ]),
  clockSkew: undefined,
  isStopping: false,
};

describe('isReady', () => {
  it('is Redis, any one relay, and not stopping; never the chain', () => {
    const part = fc.boolean().map((isUp) => ({ isUp, detail: '' }));
    const relays = fc.array(part, { maxLength: 4 }).map((all) => new Map(all.map((each, n) => [`${n}`, each])));
    fc.assert(
      fc.property(part, part, relays, fc.boolean(), (redis, chain, connections, isStopping) => {
        const ready = isReady({ ...state, redis, chain, relays: connections, isStopping });
        expect(ready).toBe(redis.isUp && [...connections.values()].some(({ isUp }) => isUp) && !isStopping);
      }),
    );
  });
});

describe('missingParts', () => {
  it('names what is not up, and why', () => {
    expect(missingParts({ ...state, redis: down('connection refused'), chain: down('no answer') })).toEqual([
      { part: 'redis', why: 'connection refused' },
      { part: 'chain', why: 'no answer' },
      { part: 'relay b.example', why: 'refused: 503' },
    ]);
  });

  it('names our twin on chain once it was looked up and is not right', () => {
    const why = 'twin 7 has no relay on chain';
    expect(missingParts({ ...state, onChain: down(why), relays: new Map() })).toEqual([{ part: 'twin on chain', why }]);
    expect(missingParts({ ...state, onChain: up, relays: new Map() })).toEqual([]);
  });
});

describe('statusLine', () => {
  it.each([
    ['twin 7 ready; relay b.example: refused: 503', {}],
    ['twin 7 stopping; relay b.example: refused: 503', { isStopping: true }],
    [
      'twin not known yet not ready; redis: away a while; relay b.example: refused: 503',
      { twin: undefined, redis: down('away\na while') },
    ],
  ])('says %s', (line, fields) => {
    expect(statusLine({ ...state, ...fields })).toBe(line);
  });
});
