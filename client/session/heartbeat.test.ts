import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beat, CUSTODY_HEARTBEAT, HEARTBEAT } from './heartbeat.ts';

/** Simulates a silence that begins at `lastHeard`. Returns when the socket is given up. */
function foundAt(lastHeard: number, openedAt: number): { at: number; pings: number } {
  let [now, pingedAt, pings] = [openedAt, Number.NEGATIVE_INFINITY, 0];
  for (;;) {
    const heardAt = Math.min(now, lastHeard);
    const { action, nextMs } = beat(now, heardAt, pingedAt, HEARTBEAT);
    if (action === 'dead') return { at: now, pings };
    if (action === 'ping') {
      pingedAt = now;
      pings += 1;
    }
    now += nextMs;
  }
}

describe('beat', () => {
  it('asks a silent socket for a sign of life at 20 s, and gives it up before 40 s', () => {
    expect(beat(0, 0, Number.NEGATIVE_INFINITY, HEARTBEAT)).toEqual({ action: 'nothing', nextMs: 20_000 });
    expect(beat(20_000, 0, Number.NEGATIVE_INFINITY, HEARTBEAT)).toEqual({ action: 'ping', nextMs: 18_000 });
    expect(beat(38_000, 0, 20_000, HEARTBEAT).action).toBe('dead');
  });

  it('asks in custody when either side was silent for 2 s, and gives up after 5 s without a sign of life', () => {
    const never = Number.NEGATIVE_INFINITY;
    expect(beat(2_000, 0, never, CUSTODY_HEARTBEAT, 1_900).action).toBe('ping');
    expect(beat(2_000, 1_900, never, CUSTODY_HEARTBEAT, 0).action).toBe('ping');
    expect(beat(2_000, 1_000, never, CUSTODY_HEARTBEAT, 500)).toEqual({ action: 'nothing', nextMs: 500 });
    expect(beat(3_000, 0, 2_000, CUSTODY_HEARTBEAT, 0)).toEqual({ action: 'nothing', nextMs: 1_000 });
    expect(beat(5_000, 0, 4_000, CUSTODY_HEARTBEAT, 4_000).action).toBe('dead');
  });

  it('finds a half-open socket within 40 s of its last sign of life, after at least one ping', () => {
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
