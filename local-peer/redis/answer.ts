import { randomUUID } from 'node:crypto';
import type { Answer } from '../ports.ts';
import type { RedisConnection } from './connection.ts';
import { writeReply } from './json.ts';
import { leaveIn } from './queue-fault.ts';
import { KEYS, MAX_ENTRIES } from './queues.ts';
import { GIVE } from './scripts.ts';

/** What of a claimed entry is settled. */
export interface Ending {
  /** The hash of the claimed entry. */
  readonly key: string;
  /** The field that marks one destination as settled; '' when the whole entry is. */
  readonly mark: string;
  /** Fields that are removed. */
  readonly removed: readonly string[];
}

/** An entry for a list, and how Redis remembers that it was given. */
interface Given {
  readonly text: string;
  /** Entries that the list keeps, the newest. */
  readonly most: number;
  /** Names it: the same mark is given `times` times within `seconds`. */
  readonly mark: string;
  readonly times: number;
  readonly seconds: number;
  /** Whether a key that is no list counts as given to. */
  readonly isGivenUp: boolean;
}

/** Gives an entry to a list, and settles what it answers in the same step; false for a repeat. */
export async function give(redis: RedisConnection, list: string, given: Given, ending?: Ending): Promise<boolean> {
  const { text, most, mark, times, seconds, isGivenUp } = given;
  const keys = [list, KEYS.seen(mark), ...(ending === undefined ? [] : [ending.key])];
  const ends = ending === undefined ? [] : [ending.mark, ...ending.removed];
  const how = [String(most), String(seconds), randomUUID(), String(times), isGivenUp ? 'give up' : ''];
  return (await redis.evaluate(GIVE, keys, [text, ...how, ...ends])) === 1;
}

/** Gives an answer to the program that asked; false for a repeat. */
export function giveAnswer(redis: RedisConnection, answer: Answer, ending?: Ending): Promise<boolean> {
  const { queue, entry, fingerprint, times, seconds } = answer;
  const given = { text: writeReply(entry), most: MAX_ENTRIES, mark: `answer.${fingerprint}` };
  return leaveIn(queue, () => give(redis, queue, { ...given, times, seconds, isGivenUp: false }, ending));
}
