import { type Line, linesOf } from '../line.ts';

const lines = linesOf('clock');

/** Largest error of a relay's Date, cut to seconds, and of the network, seconds. */
const TOLERATED = 5;
/** Life of a token, seconds: beyond this skew a relay refuses programs that do not correct their clock. */
const TOKEN_LIFE = 300;

/** Another clock minus this machine's, seconds. */
export interface Skew {
  readonly seconds: number;
  readonly whose: 'relays' | 'chain';
}

/** @param skew undefined if neither a relay nor the chain has told its time */
export function judgeClock(skew: Skew | undefined): Line {
  if (skew === undefined) return lines.skipped('time', 'neither a relay nor the chain has told its time');
  const { seconds, whose } = skew;
  const size = Math.abs(seconds);
  if (size <= TOLERATED) return lines.ok('time', `${size.toFixed(1)} s from the ${whose}’s`);
  const detail = `${Math.round(size)} s ${seconds > 0 ? 'behind' : 'ahead of'} the ${whose}’s`;
  const others = size > TOKEN_LIFE ? 'are refused' : 'do not, and their messages expire early or late';
  const next = `set the clock of this machine (NTP): this peer corrects it as far as relays and chain agree, other programs ${others}`;
  return lines.warn('time', detail, next);
}
