import { inspect } from 'node:util';
import { PATIENCE_MS } from './clients/client.ts';

const LOOK_MS = 50;
/** The real one: a test may run on fake timers. */
const { setTimeout } = globalThis;

/**
 * Looks repeatedly for something that sends no event. Resolves with the first value that is neither
 * undefined nor false. Rejects when none comes, and names what was awaited and what was seen last.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  everyMs = LOOK_MS,
): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > end) throw new Error(`waited ${PATIENCE_MS} ms for ${what}; saw ${inspect(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
