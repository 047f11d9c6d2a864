import { decodeFree } from '../../../proto/chain/account-record.ts';
import { hashesOf, headerOf, specVersionOf } from '../../../proto/chain/block-answers.ts';
import { parseTable } from '../../../proto/chain/event-table.ts';
import { bytesOf } from '../../../proto/chain/json-rpc.ts';
import { decodeTwin } from '../../../proto/chain/twin-record.ts';
import { Answers } from '../../../workers/twin-resolver/answers.ts';
import { mutate } from '../input/mutate.ts';
import { almostObject, oddJson } from '../input/odd.ts';
import type { Random } from '../input/random.ts';
import { promise, type Target } from '../target.ts';

const HASH = `"0x${'ab'.repeat(32)}"`;
const ANSWER = [
  ['jsonrpc', '"2.0"'],
  ['id', '1'],
  ['result', '"0x01"'],
] as const;
const HEADER = [
  ['number', '"0x10"'],
  ['parentHash', HASH],
] as const;
const ERROR = [
  ['code', '-32000'],
  ['message', '"busy"'],
] as const;
const TABLE =
  '{"shapes":[1,"compact",{"all":[0,1]},{"many":0}],"record":{"phase":0,"event":1,"topics":3},"twins":{"pallet":1,"stored":1,"updated":2}}';

/** JSON of a chain node: every text is an answer, a refusal or ignored. */
export const answers: Target = {
  name: 'answers',
  make: (random) => new TextEncoder().encode(answerText(random)),
  run: (bytes) => {
    const text = Buffer.from(bytes).toString();
    parseTable(text);
    const waiting = new Answers(1, 1);
    waiting.take(text);
    const { outcome } = waiting;
    if (outcome === undefined) return;
    if (!outcome.ok) {
      promise(
        outcome.error.length < 200 && !/[^\x20-\x7e]/.test(outcome.error),
        'a refusal that does not fit a log line',
      );
      return;
    }
    const [result] = outcome.value;
    headerOf(result);
    hashesOf(result, 1);
    specVersionOf(result);
    const stored = bytesOf(result);
    if (!stored.ok || stored.value === undefined) return;
    decodeTwin(stored.value);
    decodeFree(stored.value);
  },
};

function answerText(random: Random): string {
  if (random.once(20)) return Buffer.from(mutate(random, [Buffer.from(TABLE)])).toString();
  const result = random.once(2) ? almostObject(random, HEADER) : random.once(3) ? oddJson(random) : `[${HASH},null]`;
  const answer = almostObject(random, [...ANSWER.slice(0, 2), ['result', result]]);
  const refusal = almostObject(random, [...ANSWER.slice(0, 2), ['error', almostObject(random, ERROR)]]);
  const text = random.once(4) ? `[${answer},${refusal},${oddJson(random)}]` : random.once(4) ? refusal : answer;
  return random.once(3) ? Buffer.from(mutate(random, [Buffer.from(text)])).toString() : text;
}
