import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beat, HEARTBEAT } from './heartbeat.ts';

/** Lives through a silence that begins at `lastHeard`, looking whenever it was told to; when it was given up. */
function foundAt(lastHeard: number, openedAt: number): { at: number; pings: number } {
  let [now, pingedAt, pings] = [openedAt, Number.NEGATIVE_INFINITY, 0];
  for (;;) {
    const heardAt = Math.min(now, lastHeard);
    const { due, nextMs } = beat(now, heardAt, pingedAt, HEARTBEAT);
    if (due === 'dead') return { at: now, pings };
    if (due === 'ping') {
      pingedAt = now;
      pings += 1;
    }
    now += nextMs;
  }
}

describe('beat', () => {
  it('asks a silent socket for a sign of life at 20 s, and gives it up before 40', () => {
    expect(beat(0, 0, Number.NEGATIVE_INFINITY, HEARTBEAT)).toEqual({ due: 'nothing', nextMs: 20_000 });
    expect(beat(20_000, 0, Number.NEGATIVE_INFINITY, HEARTBEAT)).toEqual({ due: 'ping', nextMs: 18_000 });
    expect(beat(38_000, 0, 20_000, HEARTBEAT).due).toBe('dead');
  });

  it('finds a half-open socket within 40 s of its last sign of life, whenever that was, and never without a ping', () => {
    fc.assert(
      fc.property(fc.nat(200_000), (lastHeard) => {
        const { at, pings } = foundAt(lastHeard, 0);
        expect(at - lastHeard).toBeLessThanOrEqual(40_000);
        expect(at - lastHeard).toBeGreaterThanOrEqual(HEARTBEAT.dead);
        expect(pings).toBeGreaterThan(0);
      }),
    );
  });
});
