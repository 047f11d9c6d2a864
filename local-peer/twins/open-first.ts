import { type Attempt, race } from '../../chain/race.ts';
import { err, type Result } from '../../proto/result.ts';
import { hideSecrets } from '../config/mask.ts';
import { type ChainSession, OPEN_MS, openSession } from './chain-session.ts';
import { NO_TFCHAIN } from './questions.ts';

/** The next node is dialled this long after the last one: a node that is well sends its metadata sooner. */
const HEDGE_MS = 1_500;

/**
 * Opens a session with the first node that can be used. The first URL starts alone; the next one starts when a node
 * failed, or after 1.5 s. The sessions of the others are closed.
 * @param tell hears of each node that failed, at once, and of each silent one that another node overtook
 * @returns undefined when every node failed
 */
export async function openFirst(
  urls: readonly string[],
  tell: { onFault(url: string, fault: string): void; onSlow(url: string, fault: string): void },
): Promise<ChainSession | undefined> {
  const opened: ChainSession[] = [];
  const silent = new Set<string>();
  const attempts = urls.map(
    (url): Attempt<ChainSession> => ({
      name: url,
      run: async (signal) => {
        silent.add(url);
        const session = await openTfchain(url, signal);
        if (signal.aborted) {
          if (session.ok) session.value.close();
          return err('another node was faster');
        }
        silent.delete(url);
        if (session.ok) opened.push(session.value);
        else tell.onFault(url, session.error);
        return session;
      },
    }),
  );
  // Each attempt ends by its own limit; together they never need more than this.
  const { won } = await race(attempts, OPEN_MS + urls.length * HEDGE_MS, HEDGE_MS);
  for (const session of opened) if (session !== won?.value) session.close();
  for (const url of silent) tell.onSlow(url, `no answer within ${HEDGE_MS / 1000} s`);
  return won?.value;
}

/** Opens a session with a node whose chain has twins; a node of any other chain is of no use. */
async function openTfchain(url: string, signal: AbortSignal): Promise<Result<ChainSession, string>> {
  try {
    const opened = await openSession(url, OPEN_MS, signal);
    if (!opened.ok || opened.value.isTfchain) return opened;
    opened.value.close();
    return err(NO_TFCHAIN);
  } catch (error) {
    return err(faultOf(error, url));
  }
}

/** Returns what a library threw, without the node's URL: a key may be part of it. */
export function faultOf(error: unknown, url: string): string {
  return hideSecrets(error instanceof Error ? error.message : String(error), [url]);
}
