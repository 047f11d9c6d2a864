import { randomUUID } from 'node:crypto';
import type { Answer } from '../ports.ts';
import type { RedisConnection } from './connection.ts';
import { writeReply } from './json.ts';
import { leaveIn } from './queue-fault.ts';
import { KEYS, MAX_ENTRIES } from './queues.ts';
import { ANSWER } from './scripts.ts';

/** What of a held request an answer ends. */
export interface Ending {
  /** The hash in which it is held. */
  readonly key: string;
  /** The field that says of one destination that its fate is known; '' when nothing is left to say. */
  readonly mark: string;
  /** Fields that go. */
  readonly removed: readonly string[];
}

/** Gives an answer to the program that asked, and ends what it answers in the same step; false for a repeat. */
export async function giveAnswer(redis: RedisConnection, answer: Answer, ending?: Ending): Promise<boolean> {
  const { queue, entry, fingerprint, times, seconds } = answer;
  const keys = [queue, KEYS.seen(`answer.${fingerprint}`), ...(ending === undefined ? [] : [ending.key])];
  const ends = ending === undefined ? [] : [ending.mark, ...ending.removed];
  const args = [writeReply(entry), String(MAX_ENTRIES), String(seconds), randomUUID(), String(times), ...ends];
  return (await leaveIn(queue, () => redis.evaluate(ANSWER, keys, args))) === 1;
}
