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
<<<<<<< HEAD

const MOST_TRIES = 5;

/** Observes something that says nothing about the relay unless it happens within `ms`: if it took longer, again. */
export async function withinSpan<T>(ms: number, observe: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const began = performance.now();
    const seen = await observe();
    if (performance.now() - began < ms || tries === MOST_TRIES) return seen;
  }
}
=======
>>>>>>> steady
