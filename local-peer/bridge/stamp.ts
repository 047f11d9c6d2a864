import type { Clock } from '../../client/session/clock.ts';
import { type Envelope, stamp } from '../../proto/envelope/envelope.ts';
import { ok, type Result } from '../../proto/result.ts';
import type { LocalRequest, LocalResponse } from './messages.ts';
import type { Held } from './ports.ts';

/** Longest life of a message, whatever its sender asks for, seconds. */
export const MAX_TTL = 1800;

/**
 * Returns the envelope of an entry, with the rest of its life, in the relays' time. Refused when nothing is left of its
 * life.
 * @param twin own id
 */
export function stampEntry(
  twin: number,
  clock: Clock,
  entry: LocalRequest | LocalResponse,
  held: Held,
  fields: Pick<Envelope, 'uid' | 'expiration' | 'content' | 'destination' | 'tags'>,
): Result<Envelope, unknown> {
  // No time, and one in the future, count as the moment of the claim, whenever a start resumes the entry.
  const written = entry.now === 0 ? held.claimedAt : Math.min(entry.now, held.claimedAt);
  const stamped = stamp(
    {
      ...fields,
      timestamp: BigInt(written),
      source: { twin },
      payload: { kind: 'plain', bytes: entry.data },
      relays: [],
      ...(entry.schema === null ? {} : { schema: entry.schema }),
    },
    Math.floor(clock.local() / 1000),
  );
  return stamped.ok ? ok({ ...stamped.value, timestamp: BigInt(clock.seconds()) }) : stamped;
}
