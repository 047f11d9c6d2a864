import protobuf from 'protobufjs/minimal.js';
import type { DecodeFault } from './decode-fault.ts';
import { err, ok, type Result } from './result.ts';

/** The two halves of a 64-bit number, as the codec uses them. */
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

/** Refuses a varint of more than 64 bits. The library's reader would drop the highest bits. */
class StrictReader extends protobuf.Reader {
  override uint64() {
    const start = this.pos;
    const value = super.uint64();
    if (this.pos - start === 10 && (this.buf[start + 9] ?? 0) > 1) throw new Error('a varint of more than 64 bits');
    return value;
  }
}

/** Describes an exception of the codec, with the same words on every host. */
function describe(error: unknown): string {
  if (error instanceof RangeError) return 'it ends in the middle of a field';
  if (error instanceof TypeError) return 'a text is not UTF-8';
  return error instanceof Error ? error.message : String(error);
}

/** Returns the halves of a u64. @throws RangeError when `value` is not a u64 */
export function toHalves(value: bigint, title: string): Halves {
  if (value < 0n || value > MAX_U64) throw new RangeError(`"${title}" expected a u64, got ${value}`);
  return { low: Number(value & 0xffff_ffffn), high: Number(value >> 32n), unsigned: true };
}

/** Returns the u64 of two halves. */
export function fromHalves(value: Halves): bigint {
  const low = BigInt(value.low >>> 0);
  return value.high === 0 ? low : (BigInt(value.high >>> 0) << 32n) | low;
}

/**
 * Returns the text with U+FFFD for each half of a surrogate pair, which JSON may hold. The codec would write it as invalid
 * UTF-8, and a relay would close the connection.
 */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}

/**
 * Encodes the parts one after another, which in protobuf is one message with the fields of all. The bytes have their own
 * buffer. The writer's buffer is a slab of many messages, and an RPC between objects would copy the whole slab.
 */
export function write<T>(encoder: Encoder<T>, parts: readonly T[]): Uint8Array {
  const writer = new protobuf.Writer();
  for (const part of parts) encoder.encode(part, writer);
  return writer.finish(true).slice();
}

/** Decodes one message. Byte fields are views on `bytes`. Never throws. */
export function read<T>(decoder: Decoder<T>, bytes: Uint8Array): Result<T, DecodeFault> {
  // Node's Buffer would return Buffers. A plain array behaves the same on every host.
  const plain =
    bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return ok(decoder.decode(new StrictReader(plain)));
  } catch (error) {
    return err({ reason: 'malformed', detail: describe(error) });
  }
}
