import { expect, it } from 'vitest';
import { endsWithin } from './waiting.ts';

const never = new Promise<void>(() => undefined);

it('endsWithin tells what ended from what was late, and rejects as the work does', async () => {
  expect(await endsWithin(60_000, Promise.resolve())).toBe(true);
  expect(await endsWithin(1, never)).toBe(false);
  await expect(endsWithin(60_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
});
