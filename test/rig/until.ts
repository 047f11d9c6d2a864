import { PATIENCE_MS } from './client.ts';

const LOOK_MS = 50;

/** Looks again and again until something can be seen that announces itself to nobody; rejects when it does not come. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`waited ${PATIENCE_MS} ms for ${what}`);
}
