import { describe, expect, it } from 'vitest';
import { admissionOf, twinsOf } from './callers.ts';

describe('twinsOf', () => {
  it('reads ids', () => {
    expect([...twinsOf('7,12')]).toEqual([7, 12]);
  });

  it.each(['', 'seven', '0', '-1', '7;12'])('refuses %j', (text) => {
    expect(() => twinsOf(text)).toThrow('It must be twin ids');
  });
});

describe('admissionOf', () => {
  const [allow, allowFor, from] = [new Set([1]), new Map([['my.command', new Set([2])]]), new Set([7])];

  it('replaces the lists of the daemon with --from, and keeps its demand for encryption', () => {
    expect(admissionOf({ allow, allowFor, requireCipher: true }, from)).toEqual({ allow: from, requireCipher: true });
  });

  it('takes the lists of the daemon without --from', () => {
    const lists = { allow, allowFor, requireCipher: true };
    expect(admissionOf({ ...lists, served: new Set(['other.command']) }, undefined)).toEqual(lists);
  });

  it('admits everybody without any list', () => {
    expect(admissionOf({}, undefined)).toEqual({ requireCipher: false });
  });
});
