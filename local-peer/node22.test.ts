import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Stack } from './node22.ts';

type Step = 'use async' | 'use sync' | 'use nothing' | 'adopt' | 'defer' | 'fail' | 'move';
const steps = fc.array(
  fc.constantFrom<Step>('use async', 'use sync', 'use nothing', 'adopt', 'defer', 'fail', 'move'),
  { maxLength: 12 },
);

/** What is ended, in which order, and whether the end fails. */
async function run(made: AsyncDisposableStack, todo: readonly Step[]): Promise<unknown[]> {
  const seen: unknown[] = [];
  let stack = made;
  for (const [n, step] of todo.entries()) {
    const end = () => void seen.push(n);
    if (step === 'use async') stack.use({ [Symbol.asyncDispose]: async () => end() });
    if (step === 'use sync') stack.use({ [Symbol.dispose]: end });
    if (step === 'use nothing') stack.use(null);
    if (step === 'adopt') seen.push(stack.adopt(n, (value) => void seen.push(['adopted', value])));
    if (step === 'defer') stack.defer(end);
    if (step === 'fail') stack.defer(() => Promise.reject(new Error('failed')));
    if (step === 'move') {
      const before = stack;
      stack = stack.move();
      seen.push(before.disposed);
      await before.disposeAsync();
    }
  }
  await stack[Symbol.asyncDispose]().catch(() => seen.push('failed'));
  seen.push(stack.disposed);
  expect(() => stack.defer(() => undefined)).toThrow(ReferenceError);
  await stack.disposeAsync();
  return seen;
}

it('ends things as the platform’s own stack does', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (todo) => {
      expect(await run(new Stack(), todo)).toEqual(await run(new AsyncDisposableStack(), todo));
    }),
  );
});
