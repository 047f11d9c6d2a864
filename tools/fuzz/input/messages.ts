import { ENVELOPES } from './corpus.ts';
import { mutate } from './mutate.ts';
import { oddText } from './odd.ts';
import type { Random } from './random.ts';

/** The field numbers of an envelope, with some that it does not have. */
const FIELDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 100];
const SUB_MESSAGES = [5, 6, 7, 8, 12, 15, 16];
const NUMBERS = [3, 4];

function varint(value: bigint, padding = 0): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  } while (rest > 0n);
  for (let left = padding; left > 0; left -= 1) bytes.push(0x80);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) & 0x7f;
  return Uint8Array.from(bytes);
}

function oddVarint(random: Random): Uint8Array {
  const value = random.once(2) ? BigInt(random.below(300)) : (BigInt(random.u32()) << 32n) | BigInt(random.u32());
  return varint(
    random.once(3) ? 1_795_984_160n + BigInt(random.below(600)) : value,
    random.once(10) ? random.below(11) : 0,
  );
}

function sized(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint(BigInt(bytes.length)), bytes]);
}

/** Writes one field, mostly of its wire type, sometimes of another one, or an unclosed group. */
function field(random: Random, number: number, depth: number): Uint8Array {
  const isNumber = NUMBERS.includes(number) || (depth > 0 && number === 1 && random.once(2));
  const type = random.once(25) ? random.below(8) : isNumber ? 0 : 2;
  const tag = varint(BigInt(number * 8 + type), random.once(50) ? 1 : 0);
  return Buffer.concat([tag, fieldValue(random, number, type, depth)]);
}

function fieldValue(random: Random, number: number, type: number, depth: number): Uint8Array {
  if (type === 0) return oddVarint(random);
  if (type === 1) return random.bytes(8);
  if (type === 5) return random.bytes(4);
  if (type === 3) return message(random, depth + 1);
  if (type !== 2) return new Uint8Array(0);
  if (depth === 0 && SUB_MESSAGES.includes(number)) return sized(message(random, 1));
  return sized(random.once(6) ? random.bytes(random.below(80)) : new TextEncoder().encode(oddText(random)));
}

function message(random: Random, depth: number): Uint8Array {
  if (depth > 8) return new Uint8Array(0);
  const count = random.below(depth === 0 ? 18 : 4);
  return Buffer.concat(
    Array.from({ length: count }, () => field(random, depth > 0 ? 1 + random.below(3) : random.pick(FIELDS), depth)),
  );
}

/** Makes the bytes of an envelope: a changed one of the vectors, or fields in any order and number. */
export function anyFrame(random: Random): Uint8Array {
  if (random.once(2)) return mutate(random, ENVELOPES);
  const frame = Uint8Array.from(message(random, 0));
  return random.once(5) ? mutate(random, [frame]) : frame;
}
