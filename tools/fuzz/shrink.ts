/** Attempts of one shrinking: enough for inputs of some KiB. */
const MAX_TRIES = 3_000;

/**
 * Returns a smaller input that still fails in the same way, by removing ranges from halves down to single bytes.
 * @param fails returns whether an input shows the same finding
 */
export async function shrink(input: Uint8Array, fails: (input: Uint8Array) => Promise<boolean>): Promise<Uint8Array> {
  let best = input;
  let tries = 0;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && tries < MAX_TRIES; tries += 1) {
      const smaller = Uint8Array.from(Buffer.concat([best.subarray(0, at), best.subarray(at + size)]));
      if (await fails(smaller)) best = smaller;
      else at += size;
    }
  }
  return best;
}
