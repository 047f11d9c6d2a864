import { type Line, linesOf } from './line.ts';

const lines = linesOf('clock');

/** What a relay's Date, cut to seconds, and the way there may be off by, seconds. */
const TOLERATED = 5;
/** A token lives so long: a peer that does not correct its clock is refused beyond it, seconds. */
const TOKEN_LIFE = 300;

/** @param skew the relays' time minus ours, seconds; undefined when none has told it */
export function judgeClock(skew: number | undefined): Line {
  if (skew === undefined) return lines.skipped('time', 'no relay has told its time');
  const size = Math.abs(skew);
  if (size <= TOLERATED) return lines.ok('time', `${size.toFixed(1)} s from the relays’`);
  const detail = `${Math.round(size)} s ${skew > 0 ? 'behind' : 'ahead of'} the relays’`;
  const effect =
    size > TOKEN_LIFE
      ? 'this peer goes by the relays’ time, other programs here are refused'
      : 'this peer goes by the relays’ time, other programs here do not';
  return lines.warn('time', detail, `set the clock of this machine right (NTP): ${effect}`);
}
