import { ErrorReply } from 'redis';
import { ListFault } from '../bridge/list-fault.ts';
import { isForbidden } from './connection/refusal.ts';

/**
 * Gives an entry to a list.
 * @throws ListFault that names the list, the reason and what to do: it reaches logs and other twins, so it quotes nothing
 * of Redis. Another error when Redis did not answer: nobody knows then whether it took the entry.
 */
export async function leaveIn<T>(list: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ErrorReply) throw new ListFault(describe(list, error), { cause: error });
    throw new Error(`Redis did not answer for '${list}': the peer is stopping`, { cause: error });
  }
}

/** Returns the fault of a key that is not a list, with what to do. */
export function notAList(key: string): string {
  return `the Redis key '${key}' is not a list: delete that key, or name another list`;
}

/** Returns the fault of a key that the ACL forbids, with what to do. */
export function forbidden(key: string): string {
  return `Redis forbids this peer the key '${key}': allow it in the ACL`;
}

function describe(list: string, error: ErrorReply): string {
  // A refused command of a script: Redis before 7 puts other text first.
  if (error.message.includes('WRONGTYPE')) return notAList(list);
  if (isForbidden(error)) return forbidden(list);
  return `Redis refuses the list '${list}'`;
}
