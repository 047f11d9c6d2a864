import { readRequest, readResponse } from '../../../local-peer/redis/json.ts';
import { mutate } from '../input/mutate.ts';
import { almostObject, oddJson } from '../input/odd.ts';
import type { Random } from '../input/random.ts';
import { promise, type Target } from '../target.ts';

const COMMON = [
  ['ver', '1'],
  ['ref', '"job-7"'],
  ['dat', '"aGVsbG8="'],
  ['shm', '"application/json"'],
  ['now', '1795984160'],
] as const;
const REQUEST = [
  ...COMMON,
  ['cmd', '"my.command"'],
  ['exp', '60'],
  ['tag', 'null'],
  ['dst', '[7,26]'],
  ['ret', '"msgbus.reply"'],
] as const;
const RESPONSE = [...COMMON, ['dst', '"7:sid"'], ['err', '{"code":101,"message":"no"}']] as const;

/** Entries of programs in Redis: every text is a message, or a refusal in the peer's words. */
export const entries: Target = {
  name: 'entries',
  make: (random) => new TextEncoder().encode(entryText(random)),
  run: (bytes) => {
    const text = Buffer.from(bytes).toString();
    for (const read of [readRequest(text), readResponse(text)]) {
      if (read.ok) continue;
      const { fault } = read.error;
      promise(fault.reason === 'message' || fault.reason === 'payload', `a refusal of kind ${fault.reason}`);
      promise(fault.detail.length > 0 && fault.detail.length < 200, 'a refusal without words, or with too many');
      // Texts of Zod begin like this.
      promise(!/^(?:\w+: )?Invalid|expected/.test(fault.detail), `a refusal in a library's words: ${fault.detail}`);
    }
  },
};

function entryText(random: Random): string {
  if (random.once(10)) return oddJson(random);
  const text = almostObject(random, random.once(2) ? REQUEST : RESPONSE);
  if (random.once(2)) return text;
  return Buffer.from(mutate(random, [Buffer.from(text)])).toString();
}
