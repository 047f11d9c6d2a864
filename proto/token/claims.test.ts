import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseClaims, parseObject } from './claims.ts';

const good = { sub: 7, iat: 1_800_000_000, exp: 1_800_000_060 };
const parse = (fields: object) => parseClaims(JSON.stringify({ ...good, ...fields }));
const error = (fields: object) => {
  const parsed = parse(fields);
  return parsed.ok ? undefined : parsed.error;
};

describe('parseClaims', () => {
  it('parses the claims of any valid token', () => {
    const claims = fc.record(
      {
        sub: fc.nat(0xffff_ffff),
        sid: fc.string(),
        iat: fc.nat(),
        exp: fc.nat(),
        aud: fc.array(fc.string()),
        cap: fc.array(fc.string()),
      },
      { requiredKeys: ['sub', 'iat', 'exp'] },
    );
    fc.assert(
      fc.property(claims, (each) => {
        expect(parseClaims(JSON.stringify(each))).toEqual({ ok: true, value: each });
      }),
    );
  });

  it('takes null for an absent sid and audience, and one text for a list', () => {
    expect(parse({ sid: null, aud: null })).toEqual({ ok: true, value: good });
    expect(parse({ aud: 'relay.example' })).toEqual({ ok: true, value: { ...good, aud: ['relay.example'] } });
  });

  it('ignores capabilities that are no texts', () => {
    expect(parse({ cap: ['a', 1, null] })).toEqual({ ok: true, value: { ...good, cap: ['a'] } });
    expect(parse({ cap: 'a' })).toEqual({ ok: true, value: good });
  });

  it.each([
    [{ sub: undefined }, /^missing field `sub` at line 1 column \d+$/],
    [{ sub: -1 }, /^invalid value: integer `-1`, expected u32 at line 1 column 9$/],
    [{ sub: 2 ** 32 }, /^invalid value: integer `4294967296`, expected u32/],
    [{ sub: 1.5 }, /^invalid type: floating point `1.5`, expected u32/],
    [{ sub: '7' }, /^invalid type: string "7", expected u32/],
    [{ sid: 5 }, /^invalid type: integer `5`, expected a string/],
    [{ sid: [] }, /^invalid type: sequence, expected a string/],
    [{ aud: ['a', 1] }, /^invalid type: sequence, expected a string/],
    [{ iat: true }, /^invalid type: boolean `true`, expected u64/],
    [{ exp: {} }, /^invalid type: map, expected u64/],
  ])('refuses %j in the words of the reference', (fields, words) => {
    expect(error(fields)).toMatch(words);
  });
});

describe('parseObject', () => {
  it.each([
    ['null', 'invalid type: null, expected an object'],
    ['[]', 'invalid type: sequence, expected an object'],
    ['"a"', 'invalid type: string "a", expected an object'],
    ['{', 'it is not JSON'],
  ])('refuses %s', (text, expected) => {
    expect(parseObject(text)).toEqual({ ok: false, error: expected });
  });
});
