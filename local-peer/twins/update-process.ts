import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { quote } from '../../chain/json-rpc.ts';
import { REFUSED_IN_BLOCK, type UpdateOrder, writeOrder } from './update-order.ts';

/** Beside this file, in the bundle as in the sources. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? 'update-program.ts' : 'update-program.mjs', import.meta.url),
);
/** It gives up by itself after a minute; who hangs even so is ended, ms. */
const LONGEST_MS = 90_000;

/**
 * Writes a twin on chain by a process of its own; resolves in a block, which the fee is paid in: undefined when it is
 * done, else what the chain holds against it.
 * @param stopped when nobody waits for it any more
 * @throws why it comes into none, for people
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
  // Without a process there are no pipes either: where no file can be opened any more, for instance.
  if (child.pid === undefined) await ended;
  // It may be gone before it has read: its end says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(writeOrder(order));
  const [said, code] = await Promise.all([text(child.stdout), ended]);
  if (code === 0) return undefined;
  const fault = said === '' ? 'the process that writes it was ended' : quote(said);
  if (code === REFUSED_IN_BLOCK) return fault;
  throw new Error(fault);
}
