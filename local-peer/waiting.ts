import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for `work`, but no longer than `ms`; whether it ended. Rejects as it does. */
export async function endsWithin(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A pause that ends early when the peer stops; false then. One that ends by itself leaves nothing behind: to a promise
 * that lives as long as the peer it would hang for as long.
 */
export function pauseUntil(stopped: AbortSignal): (ms: number) => Promise<boolean> {
  return (ms) => sleep(ms, true, { signal: stopped }).catch(() => false);
}
