import type { Random } from './random.ts';

/** Inputs stay below this, bytes: a run of small inputs finds more than a run of large ones. */
const MAX_BYTES = 131_072;
const ODD_BYTES = [
  0, 1, 0x0a, 0x20, 0x22, 0x2c, 0x2e, 0x3d, 0x5b, 0x5f, 0x7b, 0x7f, 0x80, 0x8a, 0xc0, 0xed, 0xfe, 0xff,
];
/** Numbers at the edges of 32 and 64 bits, as protobuf varints. */
const VARINTS = [
  'ffffffff0f',
  'ffffffff7f',
  'ffffffffffffffffff01',
  'ffffffffffffffffff7f',
  '8080808008',
  '00',
  '8000',
];

function splice(bytes: Uint8Array, from: number, to: number, insert: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(to)]);
}

/** Returns a changed copy of one input of the corpus: one to five changes of single bytes or ranges. */
export function mutate(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(random.pick(corpus));
  for (let left = 1 + random.below(5); left > 0; left -= 1) bytes = change(random, bytes, corpus);
  return Uint8Array.from(bytes.subarray(0, MAX_BYTES));
}

function change(random: Random, bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.below(random.once(4) ? bytes.length : 8));
  switch (random.below(10)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 1:
      bytes[at] = random.pick(ODD_BYTES);
      return bytes;
    case 2:
      bytes[at] = (bytes[at] ?? 0) + (random.once(2) ? 1 : -1);
      return bytes;
    case 3:
      return splice(bytes, at, end, new Uint8Array(0));
    case 4:
      return splice(bytes, at, at, bytes.subarray(at, end));
    case 5:
      return splice(bytes, at, at, random.bytes(1 + random.below(8)));
    case 6:
      return splice(bytes, at, end, Buffer.from(random.pick(VARINTS), 'hex'));
    case 7: {
      const other = random.pick(corpus);
      const from = random.below(other.length);
      return splice(bytes, at, end, other.subarray(from, from + 1 + random.below(64)));
    }
    case 8:
      return bytes.subarray(0, at);
    default:
      return repeated(random, bytes, at, end);
  }
}

/** Repeats a range: a few times mostly, and seldom thousands of times. */
function repeated(random: Random, bytes: Uint8Array, at: number, end: number): Uint8Array {
  const range = bytes.subarray(at, end);
  if (range.length === 0) return bytes;
  const times = random.once(5_000) ? Math.floor(MAX_BYTES / range.length) : random.below(20);
  return splice(bytes, at, at, Buffer.alloc(Math.min(MAX_BYTES, range.length * times), range));
}
