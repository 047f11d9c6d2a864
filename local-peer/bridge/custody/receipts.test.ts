import { expect, it } from 'vitest';
import type { CustodyEnd } from '../../../client/ports.ts';
import { Receipts } from './receipts.ts';

const delivered: CustodyEnd = { outcome: 'delivered', relay: 'relay' };
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Follows envelopes of these sizes. `room` has those whose entry is in work no longer. */
function follow(receipts: Receipts, ...sizes: number[]) {
  const [room, ended]: [number[], number[]] = [[], []];
  const custodies = sizes.map(() => Promise.withResolvers<CustodyEnd>());
  custodies.forEach(({ promise }, n) => {
    const end = async () => void ended.push(n);
    void receipts.follow(sizes[n] ?? 0, promise, end).then(() => room.push(n));
  });
  return { room, ended, receipt: (n: number) => custodies[n]?.resolve(delivered) };
}

it('holds no entry in work while an envelope waits for its receipt, until too many wait', async () => {
  const { room, ended, receipt } = follow(new Receipts(() => undefined, 3), 1, 1, 1, 1);
  await settled();
  expect([room, ended]).toEqual([[0, 1], []]);
  receipt(3);
  await settled();
  expect([room, ended]).toEqual([[0, 1], [3]]);
  receipt(0);
  await settled();
  expect([room.sort(), ended]).toEqual([
    [0, 1, 2, 3],
    [3, 0],
  ]);
});

it('counts bytes, too', async () => {
  const { room, receipt } = follow(new Receipts(() => undefined, 9, 100), 60, 60);
  await settled();
  expect(room).toEqual([0]);
  receipt(0);
  await settled();
  expect(room).toEqual([0, 1]);
});

it('is done when the last custody has ended, and its end was acted on', async () => {
  const faults: unknown[] = [];
  const receipts = new Receipts((error) => void faults.push(error));
  const custody = Promise.withResolvers<CustodyEnd>();
  const acted = Promise.withResolvers<void>();
  let isDone = false;
  void receipts.follow(1, custody.promise, () => acted.promise);
  const done = receipts.done().then(() => {
    isDone = true;
  });
  custody.resolve(delivered);
  await settled();
  expect(isDone).toBe(false);
  acted.reject('Redis is gone');
  await done;
  expect(faults).toEqual(['Redis is gone']);
});
