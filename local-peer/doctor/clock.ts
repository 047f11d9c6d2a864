import { type Line, linesOf } from './line.ts';

const lines = linesOf('clock');

/** What a relay's Date, cut to seconds, and the way there may be off by, seconds. */
const TOLERATED = 5;
/** The last block of a chain that moves may be so old, seconds. */
const BLOCK_AGE = 13;
/** A token lives so long: whoever does not correct its clock is refused beyond it, seconds. */
const TOKEN_LIFE = 300;

/** Another clock minus ours, seconds. */
export interface Skew {
  readonly seconds: number;
  readonly whose: 'relays' | 'chain';
}

/** What a chain's last block says of our clock: within a block's age it says nothing against it. */
export function skewByBlock(seconds: number): Skew {
  const isLate = seconds < 0 && seconds > -BLOCK_AGE;
  return { seconds: isLate ? 0 : seconds, whose: 'chain' };
}

/** @param skew undefined: neither a relay nor the chain has told its time */
export function judgeClock(skew: Skew | undefined): Line {
  if (skew === undefined) return lines.skipped('time', 'neither a relay nor the chain has told its time');
  const { seconds, whose } = skew;
  const size = Math.abs(seconds);
  if (size <= TOLERATED) return lines.ok('time', `${size.toFixed(1)} s from the ${whose}’s`);
  const detail = `${Math.round(size)} s ${seconds > 0 ? 'behind' : 'ahead of'} the ${whose}’s`;
  const others = size > TOKEN_LIFE ? 'are refused' : 'do not, and their messages expire early or late';
  const next = `set the clock of this machine right (NTP): this peer goes by the relays’ time, other programs ${others}`;
  return lines.warn('time', detail, next);
}
