/** Longer lives only help a machine that stands still. */
const LONGEST_SECONDS = 120;

/**
 * Observes something that has a life of so many seconds. On a slow machine that life may be over before the case has
 * got far enough to say anything about the relay: then it is observed again with twice the life.
 * @param isTooShort whether the life was over too soon
 */
export async function withLife<T>(
  seconds: number,
  observe: (seconds: number) => Promise<T>,
  isTooShort: (seen: T) => boolean,
): Promise<T> {
  const seen = await observe(seconds);
  if (!isTooShort(seen) || seconds * 2 > LONGEST_SECONDS) return seen;
  return withLife(seconds * 2, observe, isTooShort);
}
