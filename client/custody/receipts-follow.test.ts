import { expect, it } from 'vitest';
import { decodeFrame } from '../../proto/custody/frame.ts';
import { Link } from './link.ts';

const ACCEPTANCE = { epoch: 7, window: { messages: 4, bytes: 1_000 } };

/** Returns what the frames say that a session sends at `now`, ms. */
function sent(link: Link, now: number) {
  return link.frames(now).map((frame) => {
    const decoded = decodeFrame(frame);
    return decoded.ok ? { isUrgent: decoded.value.isUrgent, receipts: decoded.value.receipts } : decoded.error;
  });
}

it('sends an urgent frame a second after the receipts of half a window: the relay may have kept them', () => {
  const link = new Link(ACCEPTANCE);
  link.taken({ bytes: new Uint8Array(500), sequence: 1, epoch: 7, isUrgent: false }, 0);
  expect(sent(link, 0)).toEqual([{ isUrgent: false, receipts: [{ first: 1, last: 1, outcome: 'delivered' }] }]);
  expect([link.isDue(999), link.nextAt()]).toEqual([false, 1_000]);
  expect(sent(link, 1_000)).toEqual([{ isUrgent: true, receipts: [] }]);
  expect([link.isDue(5_000), link.nextAt()]).toEqual([false, undefined]);
});

it('sends no more than one urgent frame a second, with the receipts that wait by then', () => {
  const link = new Link(ACCEPTANCE);
  for (const sequence of [1, 2]) link.taken({ bytes: new Uint8Array(500), sequence, epoch: 7, isUrgent: false }, 0);
  sent(link, 0);
  link.taken({ bytes: new Uint8Array(10), sequence: 3, epoch: 7, isUrgent: false }, 600);
  expect(link.nextAt()).toBe(1_000);
  expect(sent(link, 1_000)).toEqual([{ isUrgent: true, receipts: [{ first: 3, last: 3, outcome: 'delivered' }] }]);
  expect(link.nextAt()).toBeUndefined();
});
