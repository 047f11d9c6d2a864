import { ErrorReply } from 'redis';
import { isForbidden } from './refusal.ts';

/** Redis does not take an entry into a list. The message is in our words: it reaches logs, and other twins. */
class QueueFault extends Error {
  override readonly name = 'QueueFault';
}

/** Leaves an entry in a list. @throws QueueFault naming the list, why it takes nothing, and what to do */
export async function leaveIn<T>(list: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new QueueFault(describe(list, error), { cause: error });
  }
}

/** Says why a key takes no entry when it is not a list, and what to do. */
export function notAList(key: string): string {
  return `the Redis key '${key}' is not a list: delete that key, or name another list`;
}

/** Says that the ACL keeps a key from this peer, and what to do. */
export function forbidden(key: string): string {
  return `Redis forbids this peer the key '${key}': allow it in the ACL`;
}

function describe(list: string, error: unknown): string {
  if (!(error instanceof ErrorReply)) return `Redis did not answer for '${list}': the peer is stopping`;
  // A refused command of a script: Redis before 7 says other things first.
  if (error.message.includes('WRONGTYPE')) return notAList(list);
  if (isForbidden(error)) return forbidden(list);
  return `Redis refuses the list '${list}'`;
}
