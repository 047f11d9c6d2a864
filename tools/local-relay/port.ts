import { createServer } from 'node:net';

/**
 * Ports below those of outgoing connections and `listen(0)` (Linux from 32768, others from 49152). A port that is free
 * now stays free until its relay listens, and while the relay restarts.
 */
const LOWEST = 10_240;
const HIGHEST = 32_767;
const MOST_TRIES = 100;

/** Returns a free port of 127.0.0.1. A relay must know its own name before it listens. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port of 127.0.0.1 between ${LOWEST} and ${HIGHEST} in ${MOST_TRIES} tries`);
}

/** Resolves with whether a server can listen on this port. */
async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
