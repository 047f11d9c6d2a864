/** The longest life (s): a longer one helps only a stalled machine. */
const LONGEST_SECONDS = 120;

/**
 * Observes something with a lifetime in seconds. On a slow machine it may expire before the case observed the relay:
 * then the case runs again with twice the lifetime.
 * @param isTooShort whether it expired too soon
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
