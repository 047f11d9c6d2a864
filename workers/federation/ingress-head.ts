import type { TwinLookup } from '../../durable-objects/contract.ts';
import { boundsFault } from '../../proto/envelope/envelope-bounds.ts';
import { peekTwins } from '../../proto/envelope/envelope-peek.ts';
import type { HttpRefusal } from '../refusal.ts';

/**
 * Judges a large envelope by its first bytes, before the rest is kept: an envelope of an unknown source, or without a
 * valid destination, must not fill memory. The complete envelope is checked again.
 * @param verify whether the source twin must be on chain
 */
export async function judgeHead(
  head: Uint8Array,
  verify: boolean,
  lookup: (twin: number) => Promise<TwinLookup>,
): Promise<HttpRefusal | undefined> {
  const fault = boundsFault(head);
  if (fault !== undefined) return { code: 'not-an-envelope', message: `bad request: ${fault}` };
  const { source, destination } = peekTwins(head);
  if (source === undefined || destination === undefined) {
    return {
      code: 'not-an-envelope',
      message: `bad request: source and destination are not in its first ${head.length} bytes`,
    };
  }
  return (verify ? sourceFault(source, await lookup(source)) : undefined) ?? destinationFault(destination, lookup);
}

/** Returns why an envelope of this source is refused; undefined if the source is on chain. */
export function sourceFault(twin: number, lookup: TwinLookup): HttpRefusal | undefined {
  if (twin === 0) return { code: 'source-missing', message: 'source twin is missing' };
  if ('unavailable' in lookup) return unavailable(twin, lookup.unavailable);
  if ('unknown' in lookup) return { code: 'unknown-source', message: `source twin ${twin} is not on chain` };
  return undefined;
}

async function destinationFault(
  twin: number,
  lookup: (twin: number) => Promise<TwinLookup>,
): Promise<HttpRefusal | undefined> {
  if (twin === 0) return { code: 'destination-missing', message: 'destination twin is missing' };
  const found = await lookup(twin);
  if ('unavailable' in found) return unavailable(twin, found.unavailable);
  if ('unknown' in found) return { code: 'unknown-destination', message: `destination twin ${twin} is not on chain` };
  return undefined;
}

function unavailable(twin: number, why: string): HttpRefusal {
  return { code: 'lookup-failed', message: `twin ${twin} cannot be looked up: ${why}` };
}
