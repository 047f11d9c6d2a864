import protobuf from 'protobufjs/minimal.js';
import { err, ok, type Result } from './result.ts';

/** Bytes that are not the protobuf message they should be. */
export interface DecodeFault {
  readonly reason: 'malformed';
  readonly detail: string;
}

/** The two halves of a 64-bit number, as the codec takes and gives them. */
export interface Halves {
  low: number;
  high: number;
  unsigned: boolean;
}

interface Encoder<T> {
  encode(message: T, writer: protobuf.Writer): protobuf.Writer;
}

interface Decoder<T> {
  decode(reader: protobuf.Reader): T;
}

const MAX_U64 = 0xffff_ffff_ffff_ffffn;

/** Refuses a varint of more than 64 bits, of which the library's reader would drop the highest. */
class StrictReader extends protobuf.Reader {
  override uint64() {
    const start = this.pos;
    const value = super.uint64();
    if (this.pos - start === 10 && (this.buf[start + 9] ?? 0) > 1) throw new Error('a varint of more than 64 bits');
    return value;
  }
}

/** What the codec threw, in words that are the same on every host. */
function describe(error: unknown): string {
  if (error instanceof RangeError) return 'it ends in the middle of a field';
  if (error instanceof TypeError) return 'a text is not UTF-8';
  return error instanceof Error ? error.message : String(error);
}

/** A u64 as the codec takes it. Throws RangeError for what is not one. */
export function toHalves(value: bigint, title: string): Halves {
  if (value < 0n || value > MAX_U64) throw new RangeError(`"${title}" expected a u64, got ${value}`);
  return { low: Number(value & 0xffff_ffffn), high: Number(value >> 32n), unsigned: true };
}

/** A u64 out of the codec, exact to its last bit. */
export function fromHalves(value: Halves): bigint {
  const low = BigInt(value.low >>> 0);
  return value.high === 0 ? low : (BigInt(value.high >>> 0) << 32n) | low;
}

/**
 * The text as UTF-8 can carry it: half a surrogate pair (JSON can smuggle one in) becomes U+FFFD.
 * The codec would write it as bytes that are no UTF-8, for which a relay closes the connection.
 */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}

/**
 * Writes the parts one after another, which in protobuf is the one message that has the fields of all. The bytes have
 * a buffer of their own: the writer's is a slab shared by many messages, which a structured clone (an RPC between
 * objects) would copy whole with each of them.
 */
export function write<T>(encoder: Encoder<T>, parts: readonly T[]): Uint8Array {
  const writer = new protobuf.Writer();
  for (const part of parts) encoder.encode(part, writer);
  return writer.finish(true).slice();
}

/** Reads one message. Byte fields are views on `bytes`; whatever the codec throws becomes a fault. */
export function read<T>(decoder: Decoder<T>, bytes: Uint8Array): Result<T, DecodeFault> {
  // Node's Buffer would hand out Buffers; the same view as a plain array behaves alike on every host.
  const plain =
    bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return ok(decoder.decode(new StrictReader(plain)));
  } catch (error) {
    return err({ reason: 'malformed', detail: describe(error) });
  }
}
