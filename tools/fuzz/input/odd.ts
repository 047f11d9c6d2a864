import type { Random } from './random.ts';

const TEXTS = [
  '',
  ' ',
  ',',
  '_',
  '0',
  '7:sid',
  '\u0000',
  '\u001b[31m',
  '\u007f\u009f',
  '\ufeff',
  '\u{1f980}',
  '__proto__',
  'constructor',
  'rmb.version',
  'rmb.seal2=',
  `rmb.seal2=${'A'.repeat(43)}`,
  `job,rmb.seal2=${'A'.repeat(43)}`,
  'ws://relay.example:443/',
  'relay.example_localhost:8787',
  '18446744073709551616',
  '17959841603',
  '../../etc/passwd',
  '%00%ff',
  '"\\\n',
];
const NUMBERS = ['0', '-1', '-0', '1.5', '1e400', '-1e400', '4294967295', '4294967296', '9007199254740993', '1e308'];
const LITERALS = ['null', 'true', 'false', '{}', '[]', '""', '"text"', '{"__proto__":1}', '[[],{}]'];
/** Deep enough to overflow the stack of a recursive reader. */
const DEEP = 20_000;

/** Returns a text that a careless reader trips over; sometimes long. */
export function oddText(random: Random): string {
  const text = random.pick(TEXTS);
  if (random.once(10_000)) return text.repeat(1 + random.below(10_000)).slice(0, 65_536);
  return random.once(3) ? text + random.pick(TEXTS) : text;
}

/** Returns a number in JSON; some of them are not numbers when they are read. */
export function oddNumber(random: Random): string {
  return random.once(2) ? random.pick(NUMBERS) : String(random.u32());
}

/** Returns JSON text of any type. Written by hand: JSON.stringify overflows the stack at deep values. */
export function oddJson(random: Random, depth = 0): string {
  if (depth === 0 && random.once(1_000)) return deep(random);
  switch (random.below(depth > 3 ? 3 : 6)) {
    case 0:
      return oddNumber(random);
    case 1:
      return JSON.stringify(oddText(random));
    case 2:
      return random.pick(LITERALS);
    case 3:
      return `[${Array.from({ length: random.below(5) }, () => oddJson(random, depth + 1)).join(',')}]`;
    default:
      return oddObject(random, [random.pick(TEXTS), random.pick(TEXTS)], depth + 1);
  }
}

/** Returns a JSON object with fields of these names, each with any value. */
function oddObject(random: Random, names: readonly string[], depth = 1): string {
  return `{${names.map((name) => `${JSON.stringify(name)}:${oddJson(random, depth)}`).join(',')}}`;
}

/**
 * Returns JSON text of an object as a client writes it, with some fields odd, absent or doubled.
 * @param fields name and valid JSON text of each field
 */
export function almostObject(random: Random, fields: readonly (readonly [name: string, json: string])[]): string {
  const parts = fields.flatMap(([name, json]) => {
    const kept = `${JSON.stringify(name)}:${random.once(5) ? oddJson(random) : json}`;
    if (random.once(15)) return [];
    return random.once(20) ? [kept, `${JSON.stringify(name)}:${oddJson(random)}`] : [kept];
  });
  return `{${parts.join(',')}}`;
}

function deep(random: Random): string {
  const levels = 1 + random.below(DEEP);
  return random.once(2)
    ? `${'['.repeat(levels)}${']'.repeat(levels)}`
    : `${'{"a":'.repeat(levels)}0${'}'.repeat(levels)}`;
}
