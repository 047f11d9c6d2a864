import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { quote } from '../../proto/chain/json-rpc.ts';
import { REFUSED_IN_BLOCK, type UpdateOrder, writeOrder } from './update-order.ts';

/** Beside this file, in the bundle and in the sources. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? 'update-program.ts' : 'update-program.mjs', import.meta.url),
);
/** The process gives up by itself after a minute; one that still hangs is ended, ms. */
const LONGEST_MS = 90_000;

/**
 * Writes a twin on chain in a process of its own. Resolves when a block has the transaction, and the fee is paid: with
 * undefined after a success, else with the chain's reason.
 * @param stopped aborts when the peer stops
 * @throws why it reached no block, for people
 */
export async function updateTwin(order: UpdateOrder, stopped: AbortSignal): Promise<string | undefined> {
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: LONGEST_MS,
    signal: stopped,
  });
  const ended = once(child, 'close').then(
    ([code]) => z.number().nullable().parse(code),
    (error: unknown) => {
      if (stopped.aborted) return null;
      throw error;
    },
  );
  // Without a process there are no pipes: for example when too many files are open.
  if (child.pid === undefined) await ended;
  // The process may end before it has read: its exit says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(writeOrder(order));
  const [said, code] = await Promise.all([text(child.stdout), ended]);
  if (code === 0) return undefined;
  const fault = said === '' ? 'the writing process was ended' : quote(said);
  if (code === REFUSED_IN_BLOCK) return fault;
  throw new Error(fault);
}
