import { expect, it } from 'vitest';
import { Kept } from './kept.ts';

const WAY = 'relay';
const WINDOW = { messages: 4, bytes: 1_000 };
const HOUR_MS = 3_600_000;

/** Returns what a client keeps: one envelope, handed over at 0 ms as the first of its connection. */
function keepOne() {
  const kept = new Kept<string, undefined>(() => true);
  kept.open(WAY, WINDOW);
  const envelope = kept.add(new Uint8Array(10), HOUR_MS, undefined);
  kept.hand(envelope, WAY, 0);
  return { kept, envelope };
}

const receipt = (sequence: number, outcome: 'delivered' | 'offline') => [{ first: sequence, last: sequence, outcome }];

it('ends custody with the late receipt of an envelope that the connection got again', () => {
  const { kept, envelope } = keepOne();
  kept.time(5_000);
  expect(kept.hand(envelope, WAY, 5_000)).toBe(2);
  expect(kept.receive(WAY, receipt(1, 'delivered'), 5_001)).toMatchObject([{ envelope, outcome: 'delivered' }]);
  expect([kept.size, kept.without(WAY)]).toEqual([0, 0]);
  expect(kept.receive(WAY, receipt(2, 'delivered'), 5_002)).toEqual([]);
});

it('ends custody with a late receipt also before the envelope is handed over again', () => {
  const { kept, envelope } = keepOne();
  kept.time(5_000);
  expect(kept.receive(WAY, receipt(1, 'delivered'), 5)).toMatchObject([{ envelope }]);
  expect([...kept.waiting()]).toEqual([]);
});

it('takes no late refusal: the repeat may be taken', () => {
  const { kept, envelope } = keepOne();
  kept.time(5_000);
  kept.hand(envelope, WAY, 5_000);
  expect(kept.receive(WAY, receipt(1, 'offline'), 5_001)).toEqual([]);
  expect(kept.size).toBe(1);
});

it('forgets the sequences of a connection that ended', () => {
  const { kept, envelope } = keepOne();
  kept.time(5_000);
  kept.lost(WAY);
  kept.open(WAY, WINDOW);
  kept.hand(envelope, WAY, 5_000);
  expect(kept.receive(WAY, receipt(1, 'delivered'), 5_001)).toHaveLength(1);
  expect(kept.receive(WAY, receipt(1, 'delivered'), 5_002)).toEqual([]);
});
