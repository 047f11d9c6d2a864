import { expect, it } from 'vitest';
import type { Envelope } from '../proto/envelope.ts';
import { Repeats, requestNames } from './repeats.ts';

it('passes a key once, until its time is over', () => {
  let now = 0;
  const repeats = new Repeats(() => now);
  expect([repeats.pass('a', 10), repeats.pass('a', 10), repeats.pass('b', 10)]).toEqual([true, false, true]);
  now = 10;
  expect([repeats.pass('a', 10), repeats.pass('a', 10)]).toEqual([true, false]);
});

it('passes a key as often as it may come', () => {
  const repeats = new Repeats();
  expect([1, 2, 3].map(() => repeats.pass('a', 10, 2))).toEqual([true, true, false]);
});

it('passes a key again that nobody was given', () => {
  const repeats = new Repeats();
  repeats.pass('a', 10);
  repeats.undo('a');
  expect([repeats.pass('a', 10), repeats.pass('a', 10)]).toEqual([true, false]);
});

it('drops keys whose time is over before it forgets the oldest', () => {
  let now = 0;
  const repeats = new Repeats(() => now, 4);
  repeats.pass('old', 1000);
  for (const key of ['a', 'b', 'c']) repeats.pass(key, 10);
  now = 10;
  repeats.pass('d', 10);
  expect(['old', 'd', 'a'].map((key) => repeats.has(key))).toEqual([true, true, false]);
  for (const key of ['e', 'f', 'g']) repeats.pass(key, 10);
  expect(['old', 'd', 'e', 'f', 'g'].map((key) => repeats.has(key))).toEqual([false, false, true, true, true]);
});

const envelope: Envelope = {
  uid: 'uid',
  tags: 'ab',
  timestamp: 1n,
  expiration: 2n,
  source: { twin: 7 },
  destination: { twin: 2 },
  content: { kind: 'request', command: 'c' },
  payload: { kind: 'plain', bytes: new Uint8Array([1, 2]) },
  relays: [],
};

it('names a request by its twin and uid, a long uid by its hash, and by what was signed', () => {
  const [byUid, bySigned] = requestNames(7, envelope);
  expect([byUid, bySigned]).toEqual(['7.uid', expect.stringMatching(/^signed\.[\w-]{43}$/)]);
  expect(requestNames(7, { ...envelope, uid: 'uida', tags: 'b' })[1]).toBe(bySigned);
  expect(requestNames(7, { ...envelope, uid: 'other' })[1]).not.toBe(bySigned);
  expect(requestNames(7, { ...envelope, uid: 'x'.repeat(129) })[0]).toMatch(/^7\.[\w-]{43}$/);
});

it('names a request without a uid by what was signed alone', () => {
  expect(requestNames(7, { ...envelope, uid: '' })).toEqual([expect.stringMatching(/^signed\./)]);
});
