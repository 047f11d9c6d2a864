import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain, plainJson } from './plain.ts';

/** Code points that no terminal may get: C0, DEL and C1, line separators, bidi controls, surrogates. */
const RANGES = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0x061c, 0x061c],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
  [0xd800, 0xdfff],
] as const;
const isUnprintable = (character: string) => {
  const code = character.codePointAt(0) ?? 0;
  return RANGES.some(([first, last]) => code >= first && code <= last);
};
const unprintable = fc
  .constantFrom(...RANGES)
  .chain(([min, max]) => fc.integer({ min, max }))
  .map((code) => String.fromCharCode(code));
const text = fc.array(fc.oneof(unprintable, fc.string({ unit: 'grapheme' }))).map((parts) => parts.join(''));

describe('plain', () => {
  it('leaves no character that acts on a terminal', () => {
    fc.assert(fc.property(text, (each) => ![...plain(each)].some(isUnprintable)));
  });

  it('keeps every printable text', () => {
    const printable = text.map((each) =>
      [...each]
        .filter((character) => !isUnprintable(character))
        .join('')
        .trim(),
    );
    fc.assert(fc.property(printable, (each) => plain(each) === each));
    expect(plain('naïve 漢字 👩‍👩‍👧 עברית')).toBe('naïve 漢字 👩‍👩‍👧 עברית');
  });

  it.each([
    ['\u001b[31mred\u001b[0m', '[31mred [0m'],
    ['a\r\nforged line', 'a forged line'],
    ['\u009b2Jcleared', '2Jcleared'],
    ['exe.\u202etxt', 'exe. txt'],
  ])('makes one harmless line of %j', (said, line) => {
    expect(plain(said)).toBe(line);
  });
});

describe('plainJson', () => {
  it('is the same value, without a character that acts on a terminal', () => {
    fc.assert(
      fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text))), (value) => {
        const json = plainJson(value);
        expect([...json].some(isUnprintable)).toBe(false);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
