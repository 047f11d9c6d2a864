import { randomUUID } from 'node:crypto';
import type { GivenReply } from '../bridge/ports.ts';
import type { RedisConnection } from './connection/connection.ts';
import { writeReply } from './json.ts';
import { leaveIn } from './queue-fault.ts';
import { KEYS, MAX_ENTRIES } from './queues.ts';
import { GIVE } from './scripts.ts';

/** The part of a claimed entry that is settled. */
export interface Ending {
  /** The hash of the claimed entry. */
  readonly key: string;
  /** The field that marks one destination as settled; '' when the whole entry is. */
  readonly mark: string;
  /** Fields that are removed. */
  readonly removed: readonly string[];
  /** Keys that are removed: the notes of a request that ends with an error. No reply may follow it. */
  readonly notes?: readonly string[];
}

/** An entry for a list, and its mark in Redis. */
interface Given {
  readonly text: string;
  /** Entries that the list keeps, the newest. */
  readonly most: number;
  /** Name of the entry: one mark is given `times` times within `seconds`. */
  readonly mark: string;
  readonly times: number;
  readonly seconds: number;
  /** Whether the entry is given up when the key is not a list. */
  readonly isGivenUp: boolean;
}

/** Outcome of giving an entry to a list. */
type Gift = 'given' | 'repeated' | 'given up';

/** Gives an entry to a list, and settles the claimed entry that it answers, in one step. */
export async function give(redis: RedisConnection, list: string, given: Given, ending?: Ending): Promise<Gift> {
  const { text, most, mark, times, seconds, isGivenUp } = given;
  const keys = [list, KEYS.seen(mark), ...(ending === undefined ? [] : [ending.key, ...(ending.notes ?? [])])];
  const ends = ending === undefined ? [] : [ending.mark, ...ending.removed];
  const how = [String(most), String(seconds), randomUUID(), String(times), isGivenUp ? 'give up' : ''];
  const gift = await redis.evaluate(GIVE, keys, [text, ...how, ...ends]);
  return gift === 1 ? 'given' : gift === 2 ? 'given up' : 'repeated';
}

/** Gives a reply to the program that asked. Returns false for a repeat. */
export async function giveReply(redis: RedisConnection, reply: GivenReply, ending?: Ending): Promise<boolean> {
  const { queue, entry, fingerprint, times, seconds } = reply;
  const given = { text: writeReply(entry), most: MAX_ENTRIES, mark: `answer.${fingerprint}` };
  const gift = await leaveIn(queue, () => give(redis, queue, { ...given, times, seconds, isGivenUp: false }, ending));
  return gift === 'given';
}
