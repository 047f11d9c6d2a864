/** The parts of the world in which the platform makes an object on request, by its own names. */
export const REGIONS = [
  'wnam',
  'enam',
  'sam',
  'weur',
  'eeur',
  'apac',
  'apac-ne',
  'apac-se',
  'oc',
  'afr',
  'me',
] as const;

/** A part of the world. An object is made there by its first call, and never moves. */
export type Region = (typeof REGIONS)[number];

/** Returns whether a text is the name of a region. */
export function isRegion(text: unknown): text is Region {
  return REGIONS.some((region) => region === text);
}
