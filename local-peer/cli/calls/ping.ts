import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { nameOf } from '../../../client/asking/failures.ts';
import { RmbError } from '../../../client/errors.ts';
import { formatAddress } from '../../../proto/envelope/address.ts';
import { connectCommand } from '../connect.ts';
import {
  addJsonFlag,
  addSessionFlags,
  addTimeoutFlag,
  countOf,
  jsonOption,
  optionsOf,
  secondsOf,
  withSettings,
} from '../flags.ts';
import { print } from '../output.ts';
import { parseTarget, resolveTarget } from '../target.ts';
import { beforeInterrupt } from './interrupt.ts';
import { lostLine, pongLine, summaryLines } from './ping-lines.ts';

const options = jsonOption.extend({ count: z.number(), interval: z.number(), timeout: z.number() });

/** Codes of failures that no later ping can mend. */
const FATAL = ['unknown-twin', 'chain'];

/** Returns the command `rmb-peer ping`: round trips to the peer of a twin. */
export function pingCommand(): Command {
  const command = new Command('ping')
    .summary('measure round trips to a twin’s peer')
    .description(
      'Asks the peer of a twin for its version, repeatedly, and summarizes the round trips.\n\nA relay answers RMB’s own ping in the twin’s name, even when the twin is offline, so that ping measures only the relay. This command sends a request (rmb.version) that the other peer answers itself, without a service. The time includes signing here, the relay, verifying and signing there, the relay, and verifying here. A signed error counts as a reply: nodes of the grid (Go programs without a peer) reply ‘function is not found’. A direct client that serves nothing stays silent.',
    )
    .argument('<twin>', 'id or SS58 address, with :SID for one session of the twin')
    .option('-n, --count <number>', 'number of pings; 0 continues until Ctrl-C', countOf(0, 1_000_000), 5)
    .option('-i, --interval <seconds>', 'seconds between two pings', secondsOf, 1);
  addTimeoutFlag(command, 5, 'limit for each reply');
  return addSessionFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer ping 7
  $ rmb-peer ping 7 --count 100 --interval 0.1
  $ rmb-peer ping 7 --count 0 --json | jq -c 'select(.type == "pong") | .milliseconds'`,
    )
    .action(async (twin: string, _: unknown, self: Command) => {
      const { json, count, interval, timeout } = optionsOf(self, options);
      const target = parseTarget(twin);
      await withSettings(self, async ({ peer }, log) => {
        const bus = await connectCommand(peer, log, Math.max(timeout, 30) * 1000);
        try {
          const to = await resolveTarget(target, bus.chain);
          const times: number[] = [];
          let sent = 0;
          let failure: unknown;
          const summary = () => {
            for (const line of summaryLines(nameOf(to), sent, times, json)) print(line);
          };
          beforeInterrupt(summary);
          while (count === 0 || sent < count) {
            const began = performance.now();
            sent += 1;
            try {
              const reply = await bus.ping(formatAddress(to), { timeout: timeout * 1000 });
              times.push(reply.ms);
              print(pongLine(sent, reply, json));
            } catch (error) {
              failure = error;
              print(lostLine(sent, error, json));
              if (error instanceof RmbError && FATAL.includes(error.code)) throw error;
            }
            if (count === 0 || sent < count) await pause(Math.max(0, began + interval * 1000 - performance.now()));
          }
          summary();
          if (times.length > 0 || failure === undefined) return;
          throw failure instanceof RmbError ? new RmbError(failure.code, 'nothing came back') : failure;
        } finally {
          // Without `await`: the process ends at once.
          void bus.close();
        }
      });
    });
}
