/** From values to places of a picture. */
export interface Scale {
  /** Where a value stands, in the units of `range`. */
  at(value: number): number;
  /** Values worth a line, ascending. */
  readonly ticks: readonly number[];
}

type Range = readonly [from: number, to: number];

/** From zero to at least `most`, in round steps. */
export function linear(most: number, [from, to]: Range): Scale {
  const step = roundStep(most / MOST_STEPS);
  const steps = Math.max(1, Math.ceil(most / step));
  const top = steps * step;
  return {
    at: (value) => from + (value / top) * (to - from),
    ticks: Array.from({ length: steps + 1 }, (_, n) => n * step),
  };
}

/** Whole powers of ten that hold `least` to `most`, which are above zero. */
export function decades(least: number, most: number, range: Range): Scale {
  const low = Math.floor(Math.log10(least));
  const high = Math.max(low + 1, Math.ceil(Math.log10(most)));
  const ticks = Array.from({ length: high - low + 1 }, (_, n) => 10 ** (low + n));
  return { at: logarithmic(10 ** low, 10 ** high, range), ticks };
}

/** From the first to the last of some steps, which are above zero; each step is a tick. */
export function logSteps(steps: readonly number[], range: Range): Scale {
  return { at: logarithmic(Math.min(...steps), Math.max(...steps), range), ticks: steps };
}

function logarithmic(least: number, most: number, [from, to]: Range): Scale['at'] {
  const [low, high] = [Math.log10(least), Math.log10(most)];
  return (value) => (high === low ? from : from + ((Math.log10(value) - low) / (high - low)) * (to - from));
}

const MOST_STEPS = 4;

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function roundStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  const times = [1, 2, 2.5, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10;
  return times * power;
}
