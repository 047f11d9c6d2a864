import { systemFault } from '../system-fault.ts';

/** Waits for an answer, but no longer than `ms`. @throws when it is late, or what it throws itself */
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

/** What an error says, for people; one of several when a name has several addresses. */
export function reasonOf(error: unknown): string {
  return systemFault(error) ?? (error instanceof Error ? error.message : String(error));
}
