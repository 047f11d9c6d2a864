import { type Attempt, race } from '../../proto/chain/race.ts';
import { err, type Result } from '../../proto/result.ts';
import { hideSecrets } from '../mask.ts';
import type { Dial } from '../session/socket.ts';
import { type ChainSession, OPEN_MS, openChainSession } from './chain-session.ts';
import { NO_TFCHAIN } from './questions.ts';

/** The next node is dialled this long after the last one, ms: a working node sends its metadata sooner. */
const HEDGE_MS = 1_500;
/** The result of an attempt that nobody waits for: another node was faster, or the chain was closed. */
const GIVEN_UP = 'given up';

/**
 * Opens a session with the first node that can be used. The first URL starts alone; the next one starts when a node
 * failed, or after 1.5 s. The sessions of the others are closed.
 * @param tell receives each node that failed, at once, and each silent one that another node overtook
 * @param stop closes every connection; otherwise a silent node keeps the program alive for 12 s after its end
 * @returns undefined when every node failed, or after `stop`
 */
export async function openFirst(
  dial: Dial,
  urls: readonly string[],
  tell: { onFault(url: string, fault: string): void; onSlow(url: string, fault: string): void },
  stop: AbortSignal,
): Promise<ChainSession | undefined> {
  const opened: ChainSession[] = [];
  const silent = new Set<string>();
  const attempts = urls.map(
    (url): Attempt<ChainSession> => ({
      name: url,
      run: async (overtaken) => {
        const signal = AbortSignal.any([overtaken, stop]);
        if (signal.aborted) return err(GIVEN_UP);
        silent.add(url);
        const session = await openTfchain(dial, url, signal);
        if (signal.aborted) {
          if (session.ok) session.value.close();
          return err(GIVEN_UP);
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
  if (!stop.aborted) for (const url of silent) tell.onSlow(url, `no answer within ${HEDGE_MS / 1000} s`);
  return won?.value;
}

/** Opens a session with a node whose chain has twins. Refuses a node of any other chain. */
async function openTfchain(dial: Dial, url: string, signal: AbortSignal): Promise<Result<ChainSession, string>> {
  try {
    const opened = await openChainSession(dial, url, OPEN_MS, signal);
    if (!opened.ok || opened.value.isTfchain) return opened;
    opened.value.close();
    return err(NO_TFCHAIN);
  } catch (error) {
    return err(faultOf(error, url));
  }
}

/** Returns the text of a library's error, without the node's URL: a key may be part of it. */
export function faultOf(error: unknown, url: string): string {
  return hideSecrets(error instanceof Error ? error.message : String(error), [url]);
}
