import protobuf from 'protobufjs/minimal.js';
import { Address } from '../codec.js';
import { read } from '../wire.ts';

const SIZED = 2;
const SOURCE = 5;
const DESTINATION = 6;

/** The twins in the beginning of an envelope. An address behind it is absent. */
export interface Peeked {
  readonly source?: number;
  readonly destination?: number;
}

/**
 * Reads the twins of source and destination from the first bytes of an envelope, before the rest arrives. All known
 * encoders write both before the payload. The rest may still be malformed.
 */
export function peekTwins(beginning: Uint8Array): Peeked {
  const reader = new protobuf.Reader(beginning);
  const peeked: { source?: number; destination?: number } = {};
  try {
    while (reader.pos < reader.len) {
      const tag = reader.tag();
      const [field, form] = [tag >>> 3, tag & 7];
      if (form !== SIZED || (field !== SOURCE && field !== DESTINATION)) {
        reader.skipType(form);
        continue;
      }
      const size = reader.size();
      const address = read(Address, beginning.subarray(reader.pos, reader.pos + size));
      reader.skip(size);
      if (address.ok) peeked[field === SOURCE ? 'source' : 'destination'] = address.value.twin ?? 0;
    }
  } catch {
    // The beginning ends within a field, mostly the payload.
  }
  return peeked;
}
