import { decodeEnvelope, encodeEnvelope } from '../../../proto/envelope/envelope-codec.ts';
import { anyFrame } from '../input/messages.ts';
import { promise, type Target } from '../target.ts';

/** The codec: no frame makes it throw, and an envelope that is read and written again is the same. */
export const envelopes: Target = {
  name: 'envelopes',
  make: anyFrame,
  run: (frame) => {
    const decoded = decodeEnvelope(frame);
    if (!decoded.ok) {
      promise(decoded.error.detail.length < 200, 'a refusal of 200 characters or more');
      return;
    }
    const written = encodeEnvelope(decoded.value);
    const again = decodeEnvelope(written);
    promise(again.ok, 'a written envelope is refused');
    promise(Buffer.compare(encodeEnvelope(again.value), written) === 0, 'an envelope is written in two ways');
  },
};
