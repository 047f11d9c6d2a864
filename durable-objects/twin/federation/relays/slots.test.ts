import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slots } from './slots.ts';

/** Starts work for each of `domains`, and ends it by hand. */
function open(domains: readonly string[]) {
  const slots = new Slots();
  const running: { domain: string; end: () => void; number: number }[] = [];
  const all = domains.map((domain, number) =>
    slots.run(domain, () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      running.push({ domain, number, end: resolve });
      return promise;
    }),
  );
  const end = async (at: number) => {
    running.splice(at, 1).forEach((each) => void each.end());
    // The next one starts within a few microtasks.
    await new Promise(setImmediate);
  };
  return { running, end, all };
}

describe('Slots', () => {
  it('runs at most six, at most two of one relay, and each in its turn', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 40 }),
        fc.infiniteStream(fc.nat()),
        async (domains, choices) => {
          const { running, end, all } = open(domains);
          await new Promise(setImmediate);
          const seen = new Set<number>();
          while (running.length > 0) {
            expect(running.length).toBeLessThanOrEqual(6);
            for (const one of 'abcde') {
              expect(running.filter(({ domain }) => domain === one).length).toBeLessThanOrEqual(2);
            }
            for (const { number } of running) seen.add(number);
            await end(choices.next().value % running.length);
          }
          expect(seen.size).toBe(domains.length);
          await Promise.all(all);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('does not let a relay that hangs delay another', async () => {
    const { running, end } = open([...Array(50).fill('dead'), 'live', 'live', 'live']);
    await new Promise(setImmediate);
    expect(running.map(({ domain }) => domain)).toEqual(['dead', 'dead', 'live', 'live']);
    await end(2);
    expect(running.map(({ domain }) => domain)).toEqual(['dead', 'dead', 'live', 'live']);
  });

  it('serves relays in turn when all slots are taken', async () => {
    const { running, end } = open(['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd', 'e']);
    await new Promise(setImmediate);
    await end(0);
    await end(0);
    expect(running.map(({ domain }) => domain)).toEqual(['b', 'b', 'c', 'c', 'd', 'e']);
  });

  it('frees the slot of failed work', async () => {
    const slots = new Slots();
    for (let n = 0; n < 10; n += 1) {
      await expect(slots.run('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    }
  });
});
