import { blake2b } from '@noble/hashes/blake2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { err, ok, type Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';

/** twox128("TfgridModule") ++ twox128("Twins"): where the chain's storage keeps its twins. */
const TWINS = '19a2526838feefd7695a3b5715b415b1311378229266fc86f673a3f4cf398e69';
const HEX = /^0x([0-9a-f]{2})*$/;

/** The storage key of a twin (PROTOCOL §8): Blake2_128Concat over its id, a little-endian u32. */
export function twinKey(id: number): `0x${string}` {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, id, true);
  return `0x${TWINS}${bytesToHex(blake2b(bytes, { dkLen: 16 }))}${bytesToHex(bytes)}`;
}

/**
 * Decodes what lies there: SCALE `{ id: u32, account: [u8; 32], relay: Option<Vec<u8>>,
 * entities: Vec<{ u32, Vec<u8> }>, pk: Option<Vec<u8>> }`. Any bytes may come: a node can be anybody's.
 */
export function decodeTwin(hex: string): Result<Twin, string> {
  if (!HEX.test(hex)) return err('the value is no hex');
  const reader = new ScaleReader(hexToBytes(hex.slice(2)));
  const id = reader.u32();
  const account = reader.bytes(32);
  const relay = reader.option(() => reader.vector());
  const entities = reader.compact();
  // Each is at least five bytes long: a lying count cannot keep us here.
  for (let entity = 0; entity < entities && !reader.failed; entity += 1) {
    reader.u32();
    reader.vector();
  }
  const pk = reader.option(() => reader.vector());
  if (reader.failed || !reader.atEnd) return err('the value is no twin');
  return ok({ id, account, relay: relay === null ? null : new TextDecoder().decode(relay), pk });
}

/** Reads SCALE; past the end it yields zeros and remembers that it failed. */
class ScaleReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  bytes(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) this.failed = true;
    if (this.failed) return new Uint8Array(0);
    const part = this.#bytes.slice(this.#at, end);
    this.#at = end;
    return part;
  }

  #u8(): number {
    return this.bytes(1)[0] ?? 0;
  }

  u32(): number {
    const at = this.#at;
    return this.bytes(4).length === 4 ? this.#view.getUint32(at, true) : 0;
  }

  /** A length: the two low bits of the first byte say how wide it is; no length here needs the widest form. */
  compact(): number {
    const first = this.#u8();
    switch (first & 3) {
      case 0:
        return first >> 2;
      case 1:
        return (first | (this.#u8() << 8)) >> 2;
      case 2: {
        const [second = 0, third = 0, fourth = 0] = this.bytes(3);
        return (first | (second << 8) | (third << 16) | (fourth << 24)) >>> 2;
      }
      default:
        this.failed = true;
        return 0;
    }
  }

  vector(): Uint8Array {
    return this.bytes(this.compact());
  }

  option<T>(read: () => T): T | null {
    const flag = this.#u8();
    if (flag > 1) this.failed = true;
    return flag === 1 ? read() : null;
  }
}
