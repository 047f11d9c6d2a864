/** Waits for `work`, at most `ms`. Returns whether the work ended in time. Rejects when the work rejects. */
export async function endsWithin(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves as `work` does; after `ms` with undefined. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let result: T | undefined;
  await endsWithin(
    ms,
    work.then((value) => {
      result = value;
    }),
  );
  return result;
}

/**
 * Returns a pause that ends early, with false, when `stopped` aborts. A pause that ends by itself removes its listener:
 * otherwise a client that runs for months collects millions of them.
 */
export function pauseUntil(stopped: AbortSignal): (ms: number) => Promise<boolean> {
  return (ms) =>
    new Promise((resolve) => {
      if (stopped.aborted) return resolve(false);
      const end = (isWhole: boolean) => {
        clearTimeout(timer);
        stopped.removeEventListener('abort', stop);
        resolve(isWhole);
      };
      const stop = () => end(false);
      const timer = setTimeout(() => end(true), ms);
      stopped.addEventListener('abort', stop);
    });
}
