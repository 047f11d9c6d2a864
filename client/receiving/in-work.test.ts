import { expect, it } from 'vitest';
import { InWork } from './in-work.ts';

interface End {
  readonly name: string;
  readonly until?: Promise<unknown>;
}

it('a repeat shares the end of the first, until what follows is over', async () => {
  const work = new InWork<End>();
  const [done, over] = [Promise.withResolvers<End>(), Promise.withResolvers<void>()];
  const first = work.run(['a', 'b'], () => done.promise);
  const repeat = work.find(['x', 'b']);
  done.resolve({ name: 'first', until: over.promise });
  expect(await repeat).toEqual(await first);
  expect(await work.find(['a'])).toEqual(await first);
  over.resolve();
  await over.promise;
  expect(work.find(['a', 'b'])).toBeUndefined();
});

it('a repeat of failed work learns of that, and may be done', async () => {
  const work = new InWork<End>();
  const first = work.run(['a'], () => Promise.reject(new Error('no')));
  const repeat = work.find(['a']);
  await expect(first).rejects.toThrow('no');
  expect(await repeat).toBeUndefined();
  expect(work.find(['a'])).toBeUndefined();
  expect(await work.run(['a'], async () => ({ name: 'second' }))).toEqual({ name: 'second' });
  expect(work.find(['a'])).toBeUndefined();
});
