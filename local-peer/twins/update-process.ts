import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { quote } from '../../chain/json-rpc.ts';
import { type UpdateOrder, writeOrder } from './update-order.ts';

/** Beside this file, in the bundle as in the sources. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? 'update-program.ts' : 'update-program.mjs', import.meta.url),
);
/** It gives up by itself after a minute; who hangs even so is ended, ms. */
const LONGEST_MS = 90_000;

/**
 * Writes a twin on chain by a process of its own; resolves when it is in a block.
 * @param stopped when nobody waits for it any more
 * @throws why it is not, for people
 */
export async function updateTwin(order: UpdateOrder, stopped: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: LONGEST_MS,
    signal: stopped,
  });
  const ended = once(child, 'close').then(
    ([code]) => code === 0,
    (error: unknown) => {
      if (stopped.aborted) return false;
      throw error;
    },
  );
  // Without a process there are no pipes either: where no file can be opened any more, for instance.
  if (child.pid === undefined) await ended;
  // It may be gone before it has read: its end says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(writeOrder(order));
  const [fault, isDone] = await Promise.all([text(child.stdout), ended]);
  if (!isDone) throw new Error(fault === '' ? 'the process that writes it was ended' : quote(fault));
}
