import { expect, it } from 'vitest';
import { Idle } from './idle.ts';

it('resolves at once without work, and else for everybody who waits when the last work is done', async () => {
  let work = 0;
  const idle = new Idle(() => work === 0);
  await idle.reached();
  work = 2;
  const reached: string[] = [];
  const waits = ['a', 'b'].map((name) => idle.reached().then(() => reached.push(name)));
  work = 1;
  idle.look();
  await Promise.resolve();
  expect([idle.isReached, reached]).toEqual([false, []]);
  work = 0;
  idle.look();
  await Promise.all(waits);
  expect(reached).toEqual(['a', 'b']);
});
