import { RmbError } from '../errors.ts';
import type { Bus, CallOptions, Pong } from '../public.ts';

/** Limit for a pong, unless the ping says otherwise, ms. */
const PING_MS = 5_000;

/** Measures a round trip to a twin's peer. Throws an `RmbError` when no reply comes. */
export async function pingBy(
  bus: Pick<Bus, 'request'>,
  twin: number | string,
  { timeout = PING_MS, signal }: Pick<CallOptions, 'timeout' | 'signal'> = {},
): Promise<Pong> {
  const began = performance.now();
  // Refused at once when the twin is offline: a reply hours later is no pong.
  const options = { timeout, offlineAfter: 0, ...(signal === undefined ? {} : { signal }) };
  try {
    const { source, data } = await bus.request(twin, 'rmb.version', undefined, options);
    return { source, ms: performance.now() - began, version: new TextDecoder().decode(data), error: undefined };
  } catch (error) {
    if (!(error instanceof RmbError) || error.reply === undefined) throw error;
    const { source, code, message } = error.reply;
    return { source, ms: performance.now() - began, version: undefined, error: { code, message } };
  }
}
