import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type UpdateOrder, writeOrder } from './update-order.ts';

/** Beside this file, in the bundle as in the sources. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? 'update-program.ts' : 'update-program.mjs', import.meta.url),
);
/** It gives up by itself after a minute; who hangs even so is ended, ms. */
const LONGEST_MS = 90_000;

/**
 * Writes a twin on chain by a process of its own; resolves when it is in a block.
 * @param stopped resolves when nobody waits for it any more
 * @throws why it is not, for people
 */
export async function updateTwin(order: UpdateOrder, stopped: Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'ignore'], timeout: LONGEST_MS });
  void stopped.then(() => child.kill());
  const ended = once(child, 'close');
  // It may be gone before it has read: its end says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(writeOrder(order));
  const [fault, [code]] = await Promise.all([text(child.stdout), ended]);
  if (code !== 0) throw new Error(fault === '' ? 'the process that writes it was ended' : fault);
}
