import protobuf from 'protobufjs/minimal.js';

/** Entries of `relays`. Honest senders write at most 8. Each entry is an object in memory. */
export const MAX_RELAYS = 32;
/** Bytes of an envelope besides the contents of its payload and of unknown fields. All of them may be copied. */
export const MAX_BYTES_BESIDES_PAYLOAD = 65_536;

const TOO_MANY_RELAYS = `it has more than ${MAX_RELAYS} relays`;
const TOO_MUCH_TEXT = `it has more than ${MAX_BYTES_BESIDES_PAYLOAD} bytes besides its payload`;

const RELAYS = 17;
/** Fields whose contents are copied or kept. A payload is a view on the frame, and unknown fields are skipped. */
const COUNTED: ReadonlySet<number> = new Set([1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, RELAYS]);

const SIZED = 2;
const GROUP_START = 3;
const GROUP_END = 4;

/**
 * Returns which bound of an envelope its frame exceeds; undefined if none. Reads only tags and lengths, and creates no
 * object except its reader: a frame of 16 MiB with millions of fields is refused after 64 KiB of them. An invalid frame
 * exceeds no bound up to its fault, where the decoder stops as well.
 */
export function boundsFault(frame: Uint8Array): string | undefined {
  const reader = new protobuf.Reader(frame);
  let relays = 0;
  let skipped = 0;
  try {
    while (reader.pos < reader.len) {
      const tag = reader.tag();
      const field = tag >>> 3;
      const form = tag & 7;
      if (field === RELAYS) relays += 1;
      if (relays > MAX_RELAYS) return TOO_MANY_RELAYS;
      if (form === SIZED) {
        const size = reader.size();
        if (!COUNTED.has(field)) skipped += size;
        reader.skip(size);
      } else if (form !== GROUP_START && form !== GROUP_END) reader.skipType(form);
      // The fields of a group count as fields outside of it, so that their number is bounded.
      if (reader.pos - skipped > MAX_BYTES_BESIDES_PAYLOAD) return TOO_MUCH_TEXT;
    }
  } catch {
    return undefined;
  }
  return undefined;
}
