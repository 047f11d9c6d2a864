import { describe, expect, it } from 'vitest';
import { REGIONS } from '../../durable-objects/placement/region.ts';
import { decodeRegion, encodeRegion, regionKey } from './region-record.ts';

describe('the record of a region', () => {
  it('has the same bytes in each release', () => {
    expect([regionKey(7), encodeRegion('apac-se')]).toEqual(['region:7', '{"version":1,"region":"apac-se"}']);
  });

  it('is read as it was written', () => {
    for (const region of REGIONS) expect(decodeRegion(encodeRegion(region))).toBe(region);
  });

  it.each([
    '',
    'apac',
    'null',
    '"apac"',
    '{"region":"apac"}',
    '{"version":2,"region":"apac"}',
    '{"version":1,"region":"moon"}',
  ])('is absent if it is %j', (text) => {
    expect(decodeRegion(text)).toBeUndefined();
  });
});
