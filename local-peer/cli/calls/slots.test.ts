import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Slots } from './slots.ts';

it('runs all, in order, never more at once than it may, whatever fails', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { maxLength: 30 }),
      async (count, works) => {
        const slots = new Slots(count);
        const begun: number[] = [];
        let running = 0;
        const outcomes = await Promise.allSettled(
          works.map((fails, n) =>
            slots.run(async () => {
              running += 1;
              expect(running).toBeLessThanOrEqual(count);
              begun.push(n);
              await Promise.resolve();
              running -= 1;
              if (fails) throw new Error(`${n}`);
            }),
          ),
        );
        expect(begun).toEqual(works.map((_, n) => n));
        expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(works);
      },
    ),
  );
});
