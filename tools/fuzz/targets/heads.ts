import { isDeepStrictEqual } from 'node:util';
import { decodeEnvelope, type Envelope } from '../../../proto/envelope/envelope-codec.ts';
import { decodeHead } from '../../../proto/envelope/envelope-head.ts';
import { anyFrame } from '../input/messages.ts';
import { promise, type Target } from '../target.ts';

/** The head reader: it refuses the same frames as the codec, in the same words, and reads the same fields. */
export const heads: Target = {
  name: 'heads',
  make: anyFrame,
  run: (frame) => {
    const head = decodeHead(frame);
    const decoded = decodeEnvelope(frame);
    if (!head.ok || !decoded.ok) {
      promise(isDeepStrictEqual(head, decoded), 'head reader and codec differ about a refusal');
      return;
    }
    promise(isDeepStrictEqual(head.value, headOf(decoded.value)), 'head reader and codec read different fields');
  },
};

function headOf({ source, destination, content, tags, timestamp, expiration }: Envelope): object {
  const endsAt = Math.min(Number(timestamp) + Number(expiration), Number.MAX_SAFE_INTEGER);
  return { source, destination, kind: content?.kind, tags, endsAt };
}
