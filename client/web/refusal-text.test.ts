import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explanationOf } from './refusal-text.ts';

const refusal = (error: object) => JSON.stringify({ error });

describe('the answer to a posted token', () => {
  it('explains a refusal in the words of the relay, with its time', () => {
    const body = refusal({
      code: 'expired-token',
      message: 'invalid jwt: jwt has expired',
      hint: 'late',
      relayTime: 9,
    });
    expect(explanationOf(401, body)).toEqual({
      detail: 'refused: 401 expired-token: invalid jwt: jwt has expired; late',
      cause: 'HTTP 401',
      time: 9,
    });
    expect(explanationOf(429, refusal({ code: 'too-many-strangers', message: 'too many' }))).toEqual({
      detail: 'refused: 429 too-many-strangers: too many',
      cause: 'HTTP 429',
    });
  });

  it('says of a good token that the session was refused elsewhere, with the time', () => {
    const { detail, time } = explanationOf(200, '{"twin":7,"time":1795500000}') ?? {};
    expect([detail, time]).toEqual([expect.stringContaining('the relay accepts the token'), 1_795_500_000]);
  });

  it.each([
    [404, 'page not found'],
    [404, refusal({ code: 'not-found', message: 'page not found' })],
    [405, ''],
    [200, '<html>'],
    [200, '{"twin":7,"time":"now"}'],
    [401, 'who are you'],
    [401, '{"error":"no"}'],
    [502, 'null'],
  ])('explains nothing if it is no answer of such a relay: %s %s', (status, body) => {
    expect(explanationOf(status, body)).toBeUndefined();
  });

  it('is cut where it is long, and may be anything', () => {
    const { detail = '' } = explanationOf(401, refusal({ code: 'x', message: 'm'.repeat(9_000) })) ?? {};
    expect(detail.length).toBeLessThan(300);
    fc.assert(fc.property(fc.nat(600), fc.string(), (status, body) => void explanationOf(status, body)));
    fc.assert(fc.property(fc.json(), (body) => void explanationOf(401, body)));
  });
});
