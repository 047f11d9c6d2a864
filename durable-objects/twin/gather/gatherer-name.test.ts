import { describe, expect, it } from 'vitest';
import { gathererName, twinOfName } from './gatherer-name.ts';

describe('the name of an object', () => {
  it('is that of a twin, and a gatherer has none', () => {
    expect(['7', gathererName(7, 1), 'chain', '', undefined].map(twinOfName)).toEqual([
      7,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('spreads the senders of a hot twin over sixteen gatherers, evenly, and each sender has one', () => {
    const counts = new Map<string, number>();
    for (let sender = 1; sender <= 1_600; sender += 1) {
      const name = gathererName(7, sender);
      expect(gathererName(7, sender)).toBe(name);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(counts.size).toBe(16);
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThanOrEqual(2);
  });
});
