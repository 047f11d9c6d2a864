import { systemFault } from '../../client/system-fault.ts';

/** Waits for an answer, at most `ms`. @throws when the answer is late, or rejects */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${Math.round(ms / 100) / 10} s`)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns the reason of an error, for people; the first one when a name has several addresses. */
export function reasonOf(error: unknown): string {
  return systemFault(error) ?? (error instanceof Error ? error.message : String(error));
}
