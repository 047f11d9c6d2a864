import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REGIONS } from '../../durable-objects/placement/region.ts';
import { regionOf } from './region-of.ts';

describe('regionOf', () => {
  it.each([
    ['San Francisco', 'NA', 'US', '-122.42', 'wnam'],
    ['Denver', 'NA', 'US', '-104.99', 'wnam'],
    ['Honolulu', 'NA', 'US', '-157.86', 'wnam'],
    ['Attu', 'NA', 'US', '173.18', 'wnam'],
    ['Austin', 'NA', 'US', '-97.74', 'enam'],
    ['Montreal', 'NA', 'CA', '-73.57', 'enam'],
    ['Panama', 'NA', 'PA', '-79.52', 'enam'],
    ['São Paulo', 'SA', 'BR', '-46.63', 'sam'],
    ['Ghent', 'EU', 'BE', '3.72', 'weur'],
    ['Berlin', 'EU', 'DE', '13.40', 'weur'],
    ['Vienna', 'EU', 'AT', '16.37', 'eeur'],
    ['Moscow', 'EU', 'RU', '37.62', 'eeur'],
    ['Novosibirsk', 'EU', 'RU', '82.92', 'eeur'],
    ['Vladivostok', 'EU', 'RU', '131.89', 'apac-ne'],
    ['Istanbul', 'AS', 'TR', '28.98', 'eeur'],
    ['Dubai', 'AS', 'AE', '55.27', 'me'],
    ['Tel Aviv', 'AS', 'IL', '34.78', 'me'],
    ['Mumbai', 'AS', 'IN', '72.88', 'apac'],
    ['Hanoi', 'AS', 'VN', '105.83', 'apac-se'],
    ['Tokyo', 'AS', 'JP', '139.69', 'apac-ne'],
    ['Sydney', 'OC', 'AU', '151.21', 'oc'],
    ['Cairo', 'AF', 'EG', '31.24', 'weur'],
    ['Nairobi', 'AF', 'KE', '36.82', 'afr'],
  ])('%s', (_, continent, country, longitude, region) => {
    expect(regionOf({ continent, country, longitude })).toBe(region);
  });

  it('goes by the continent when the platform knows no more', () => {
    const continents = ['NA', 'SA', 'EU', 'AS', 'OC', 'AF'];
    expect(continents.map((continent) => regionOf({ continent }))).toEqual([
      'enam',
      'sam',
      'weur',
      'apac',
      'oc',
      'afr',
    ]);
    expect(regionOf({ continent: 'NA', longitude: '' })).toBe('enam');
  });

  it('says nothing without a continent, and in Antarctica', () => {
    expect([regionOf(undefined), regionOf({}), regionOf({ country: 'T1' }), regionOf({ continent: 'AN' })]).toEqual(
      Array.from({ length: 4 }, () => undefined),
    );
  });

  it('returns a region of the platform or none, whatever it is given', () => {
    const anything = fc.oneof(fc.string(), fc.constantFrom('EU', 'NA', 'toString', '__proto__'), fc.anything());
    fc.assert(
      fc.property(fc.record({ continent: anything, country: anything, longitude: anything }), (origin) => {
        expect([undefined, ...REGIONS]).toContain(regionOf(origin));
      }),
    );
  });
});
