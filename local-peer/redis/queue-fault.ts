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

function describe(list: string, error: unknown): string {
  if (!(error instanceof ErrorReply)) return `Redis did not answer for '${list}': the peer is stopping`;
  // A refused command of a script: Redis before 7 says other things first.
  if (error.message.includes('WRONGTYPE')) {
    return `the Redis key '${list}' is not a list: delete that key, or name another list`;
  }
  if (isForbidden(error)) return `Redis forbids this peer the key '${list}': allow it in the ACL`;
  return `Redis refuses the list '${list}'`;
}
