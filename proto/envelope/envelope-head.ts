import type { DecodeFault } from '../decode-fault.ts';
import { ok, type Result } from '../result.ts';
import type { Address } from './address.ts';
import { MAX_BYTES_BESIDES_PAYLOAD, MAX_RELAYS } from './envelope-bounds.ts';
import { type Content, decodeEnvelope, type Envelope } from './envelope-codec.ts';

/** The part of an envelope that a relay needs to route it. */
export interface EnvelopeHead {
  readonly source?: Address | undefined;
  readonly destination?: Address | undefined;
  readonly kind?: Content['kind'] | undefined;
  readonly tags?: string | undefined;
  /** When it expires, Unix seconds; at most the largest exact number. */
  readonly endsAt: number;
}

/**
 * Decodes the head of a frame, as `decodeEnvelope` would: it refuses the same frames in the same words. An envelope of a
 * usual peer is read once, and only its addresses and tags become objects. Other frames (rare fields, text beyond ASCII,
 * faults) are left to the codec.
 */
export function decodeHead(bytes: Uint8Array): Result<EnvelopeHead, DecodeFault> {
  const plain = new PlainReader(bytes).head();
  if (plain !== undefined) return ok(plain);
  const decoded = decodeEnvelope(bytes);
  return decoded.ok ? ok(headOf(decoded.value)) : decoded;
}

function headOf({ source, destination, content, tags, timestamp, expiration }: Envelope): EnvelopeHead {
  const endsAt = Math.min(Number(timestamp) + Number(expiration), Number.MAX_SAFE_INTEGER);
  return { source, destination, kind: content?.kind, tags, endsAt };
}

// Tags of protobuf: the number of a field, and whether it is a number (0) or has a length (2).
const NUMBER = 0;
const SIZED = 2;
const tag = (field: number, form: number) => (field << 3) | form;
const UID = tag(1, SIZED);
const TAGS = tag(2, SIZED);
const TIMESTAMP = tag(3, NUMBER);
const EXPIRATION = tag(4, NUMBER);
const SOURCE = tag(5, SIZED);
const DESTINATION = tag(6, SIZED);
const REQUEST = tag(7, SIZED);
const RESPONSE = tag(8, SIZED);
const SIGNATURE = tag(9, SIZED);
const SCHEMA = tag(10, SIZED);
const PLAIN = tag(13, SIZED);
const CIPHER = tag(14, SIZED);
/** The tag of `relays`, 17, takes two bytes. */
const RELAYS = [0x8a, 0x01] as const;
const COMMAND = tag(1, SIZED);
const TWIN = tag(1, NUMBER);
const CONNECTION = tag(2, SIZED);

/** The codec reads longer numbers. */
const NUMBER_BYTES = 5;
const MAX_U32 = 0xffff_ffff;
/** The codec reads longer texts: here each character costs an object until the text is flat. */
const TEXT_BYTES = 256;

/** Reads one envelope from front to back, and stops where it is not plain. */
class PlainReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Whether the codec need not read this envelope so far. */
  #isPlain = true;
  /** Bytes of payload so far. */
  #payload = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Returns the head; undefined if the codec must read the envelope. */
  head(): EnvelopeHead | undefined {
    const { length } = this.#bytes;
    let source: Address | undefined;
    let destination: Address | undefined;
    let kind: Content['kind'] | undefined;
    let tags: string | undefined;
    let timestamp = 0;
    let expiration = 0;
    let relays = 0;
    while (this.#at < length && this.#isPlain) {
      switch (this.#bytes[this.#at++]) {
        case UID:
        case SCHEMA:
          this.#passText(this.#end(length));
          break;
        case TAGS:
          tags = this.#text(this.#end(length));
          break;
        case TIMESTAMP:
          timestamp = this.#number();
          break;
        case EXPIRATION:
          expiration = this.#number();
          break;
        case SOURCE:
          // The codec merges a repeated address.
          if (source !== undefined) return undefined;
          source = this.#address(this.#end(length));
          break;
        case DESTINATION:
          if (destination !== undefined) return undefined;
          destination = this.#address(this.#end(length));
          break;
        case REQUEST:
          this.#passCommand(this.#end(length));
          kind = 'request';
          break;
        case RESPONSE:
          // A response has no fields. The codec reads unknown ones.
          if (this.#end(length) !== this.#at) return undefined;
          kind = 'response';
          break;
        case RELAYS[0]:
          if (this.#bytes[this.#at++] !== RELAYS[1]) return undefined;
          relays += 1;
          this.#passText(this.#end(length));
          break;
        case SIGNATURE:
          this.#at = this.#end(length);
          break;
        case PLAIN:
        case CIPHER:
          this.#passPayload(this.#end(length));
          break;
        default:
          return undefined;
      }
      // The codec names the exceeded bound.
      if (relays > MAX_RELAYS || this.#at - this.#payload > MAX_BYTES_BESIDES_PAYLOAD) return undefined;
    }
    return this.#isPlain && this.#at === length
      ? { source, destination, kind, tags, endsAt: timestamp + expiration }
      : undefined;
  }

  #address(end: number): Address {
    let twin = 0;
    let connection: string | undefined;
    while (this.#at < end && this.#isPlain) {
      const field = this.#bytes[this.#at++];
      if (field === TWIN) twin = this.#number();
      else if (field === CONNECTION) connection = this.#text(this.#end(end));
      else this.#isPlain = false;
    }
    if (this.#at !== end) this.#isPlain = false;
    return connection === undefined ? { twin } : { twin, connection };
  }

  #passCommand(end: number): void {
    while (this.#at < end && this.#isPlain) {
      if (this.#bytes[this.#at++] === COMMAND) this.#passText(this.#end(end));
      else this.#isPlain = false;
    }
    if (this.#at !== end) this.#isPlain = false;
  }

  /** Reads a length. Returns where its field ends. @param limit end of the surrounding field */
  #end(limit: number): number {
    const end = this.#number() + this.#at;
    if (end <= limit) return end;
    this.#isPlain = false;
    return this.#at;
  }

  /** Reads a u32. */
  #number(): number {
    let value = 0;
    let place = 1;
    for (let n = 0; n < NUMBER_BYTES; n += 1) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * place;
      if (byte < 0x80) {
        if (value > MAX_U32) break;
        return value;
      }
      place *= 0x80;
    }
    this.#isPlain = false;
    return 0;
  }

  #passPayload(end: number): void {
    this.#payload += end - this.#at;
    this.#at = end;
  }

  /** Checks that a text is ASCII, and so valid UTF-8. */
  #passText(end: number): void {
    if (end - this.#at > MAX_BYTES_BESIDES_PAYLOAD) this.#isPlain = false;
    else
      for (; this.#at < end; this.#at += 1) {
        if ((this.#bytes[this.#at] ?? 0) < 0x80) continue;
        this.#isPlain = false;
        return;
      }
  }

  #text(end: number): string {
    const from = this.#at;
    if (end - from > TEXT_BYTES) this.#isPlain = false;
    else this.#passText(end);
    let text = '';
    for (let at = from; at < this.#at; at += 1) text += String.fromCharCode(this.#bytes[at] ?? 0);
    return text;
  }
}
