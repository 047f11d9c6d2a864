import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fieldOf, readField } from './claimed-entry.ts';

it('writes the time of the claim and the uid into a field, which sorts by time', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 52), fc.nat(2 ** 52), fc.uuid(), fc.option(fc.nat(1024)), (order, other, uid, place) => {
      const field = fieldOf(order, uid);
      const mark = place === null ? field : `${field}#${place}`;
      expect(readField(mark)).toEqual({ order, orderText: field.slice(0, 16), uid, place: place ?? undefined });
      expect(field < fieldOf(other, uid)).toBe(order < other);
    }),
  );
});

it('ignores fields of other forms', () => {
  for (const field of ['', 'x', '123.uid', `${'1'.repeat(16)}.`]) expect(readField(field)).toBeUndefined();
});
