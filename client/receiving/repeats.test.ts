import { expect, it } from 'vitest';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import { Repeats, requestNames, signedDigest } from './repeats.ts';

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
  for (let n = 0; n < 3; n += 1) repeats.pass('b', 10, 3);
  repeats.undo('b');
  expect([repeats.pass('b', 10, 3), repeats.pass('b', 10, 3)]).toEqual([true, false]);
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

/** A signed string. */
const signed = (text: string) => [Buffer.from(text)];

it('names a request by its twin and uid, a long uid by its hash, and by what was signed', () => {
  const [byUid, bySigned] = requestNames(7, 'uid', signed('uidab12'), PORTABLE);
  expect([byUid, bySigned]).toEqual(['7.uid', expect.stringMatching(/^signed\.[\w-]{43}$/)]);
  expect(requestNames(7, 'uida', signed('uidab12'), PORTABLE)[1]).toBe(bySigned);
  expect(requestNames(7, 'other', signed('otherab12'), PORTABLE)[1]).not.toBe(bySigned);
  expect(requestNames(7, 'x'.repeat(129), signed('x'), PORTABLE)[0]).toMatch(/^7\.[\w-]{43}$/);
});

it('names a request without a uid by what was signed alone', () => {
  expect(requestNames(7, '', signed('ab12'), PORTABLE)).toEqual([expect.stringMatching(/^signed\./)]);
});

it('hashes a signed string wherever its parts meet', () => {
  const parts = [Buffer.from('a'), Buffer.from('bc')];
  expect(signedDigest(parts, PORTABLE)).toBe(signedDigest(signed('abc'), PORTABLE));
});
