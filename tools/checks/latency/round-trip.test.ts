import { describe, expect, it } from 'vitest';
import { PLACES, parseFigures, readFigures } from './figures.ts';
import { roundTrips } from './round-trip.ts';

const figures = readFigures();
const { rust, edge } = roundTrips(figures);

describe('round trips', () => {
  // Estimates that were made apart from these figures. Vietnam is the access of apac.
  it.each([
    ['Vietnam–Belgium, the Rust relay in Belgium', rust('apac', 'weur', 'weur'), 223],
    ['Vietnam–Belgium, each object at home', edge('apac', 'weur', 'apac', 'weur'), 205],
    ['Vietnam–Belgium, both objects in western America', edge('apac', 'weur', 'wnam', 'wnam'), 330],
    ['Vietnam–Belgium, each object at the other', edge('apac', 'weur', 'weur', 'apac'), 515],
    ['two twins in Vietnam', edge('apac', 'apac', 'apac', 'apac'), 75],
    ['two twins in Vietnam, the Rust relay in Belgium', rust('apac', 'apac', 'weur'), 400],
  ])('%s: about what was estimated', (_, computed, estimated) => {
    expect(Math.abs(computed / estimated - 1)).toBeLessThan(0.03);
  });

  it('are the same both ways', () => {
    for (const a of PLACES) {
      for (const b of PLACES) {
        expect(edge(a, b, a, b)).toBe(edge(b, a, b, a));
        expect(rust(a, b, 'oc')).toBe(rust(b, a, 'oc'));
      }
    }
  });

  it('go through the place where the platform makes the objects', () => {
    const { access, between } = figures;
    expect(edge('sam', 'sam', 'sam', 'sam')).toBe(2 * (access.sam + (between.enam?.sam ?? 0)));
  });
});

describe('parseFigures', () => {
  it('wants one figure for each two places', () => {
    expect(() => parseFigures({ ...figures, between: { ...figures.between, afr: {} } })).toThrow(
      'afr–me: expected one figure, got 0',
    );
    const twice = { ...figures.between, me: { afr: 150 } };
    expect(() => parseFigures({ ...figures, between: twice })).toThrow('afr–me: expected one figure, got 2');
  });
});
