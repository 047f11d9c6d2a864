import { INPUTS, REGIONS, type Region } from '../inputs.ts';

/** Returns the way between two regions, ms. */
export function wayMs(from: Region, to: Region): number {
  return INPUTS.network.farMs[REGIONS.indexOf(from)]?.[REGIONS.indexOf(to)] ?? INPUTS.network.nearMs;
}

/** Spreads `count` twins over the regions by their shares. Every list has exactly `count` regions. */
export function regionsOf(count: number, shares: readonly number[]): Region[] {
  const regions: Region[] = [];
  let sum = 0;
  for (const [place, region] of REGIONS.entries()) {
    sum += shares[place] ?? 0;
    const until = place === REGIONS.length - 1 ? count : Math.round(sum * count);
    while (regions.length < until) regions.push(region);
  }
  return regions;
}
