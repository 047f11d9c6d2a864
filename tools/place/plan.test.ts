import { describe, expect, it } from 'vitest';
import { decodeRegion, regionKey } from '../../workers/placement/region-record.ts';
import { pairsOf, readPlan } from './plan.ts';

describe('readPlan', () => {
  it('reads a twin and its region from each line, and skips comments', () => {
    const plan = readPlan('# farm in Ghent\n7 weur\n\n 4294967295\tapac-se # Hanoi\r\n');
    expect(plan.ok && [...plan.value]).toEqual([
      [7, 'weur'],
      [4_294_967_295, 'apac-se'],
    ]);
  });

  it('names each bad line', () => {
    const bad = ['7', '0 weur', 'seven weur', '4294967296 weur', '8 europe', '9 weur eeur', '10 me', '10 afr'];
    expect(readPlan(bad.join('\n'))).toEqual({
      ok: false,
      error: [
        'line 1: "" is no region: expected one of wnam, enam, sam, weur, eeur, apac, apac-ne, apac-se, oc, afr, me',
        'line 2: "0" is no twin id: expected 1 to 4294967295',
        'line 3: "seven" is no twin id: expected 1 to 4294967295',
        'line 4: "4294967296" is no twin id: expected 1 to 4294967295',
        'line 5: "europe" is no region: expected one of wnam, enam, sam, weur, eeur, apac, apac-ne, apac-se, oc, afr, me',
        'line 6: expected "twin region", got 3 words',
        'line 8: twin 10 has a line already',
      ].join('\n'),
    });
  });
});

describe('pairsOf', () => {
  it('returns what the relay reads', () => {
    const [pair, ...more] = pairsOf(new Map([[7, 'oc']]));
    expect([pair?.key, decodeRegion(pair?.value ?? ''), more]).toEqual([regionKey(7), 'oc', []]);
  });
});
