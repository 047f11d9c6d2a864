import { Command } from 'commander';
import { z } from 'zod';
import { RmbError } from '../../../client/errors.ts';
import { formatAddress } from '../../../proto/envelope/address.ts';
import { connectCommand } from '../connect.ts';
import { addJsonFlag, addSessionFlags, addTimeoutFlag, jsonOption, optionsOf, withSettings } from '../flags.ts';
import { note, print, printJson } from '../output.ts';
import { parseTarget, resolveTarget } from '../target.ts';
import { commandLines } from './command-lines.ts';

const options = jsonOption.extend({ timeout: z.number() });

/** Returns the command `rmb-peer commands`: what a twin serves. */
export function commandsCommand(): Command {
  const command = new Command('commands')
    .summary('list the commands that a twin serves')
    .description(
      'Asks the peer of a twin which commands it serves (rmb.commands): name, whether it streams, summary, and the JSON Schemas of request and response where they are told. The list has the commands that your twin may call, of services that registered them: in Redis, by `rmb-peer serve` or by the library. Other peers, and nodes of the grid, do not tell.',
    )
    .argument('<twin>', 'id or SS58 address, with :SID for one session of the twin');
  addTimeoutFlag(command, 5, 'limit for the list');
  return addSessionFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer commands 7
  $ rmb-peer commands 7:sums --json | jq -r 'select(.stream) | .name'`,
    )
    .action(async (twin: string, _: unknown, self: Command) => {
      const { json, timeout } = optionsOf(self, options);
      const target = parseTarget(twin);
      await withSettings(self, async ({ peer }, log) => {
        const bus = await connectCommand(peer, log, Math.max(timeout, 30) * 1000);
        try {
          const to = formatAddress(await resolveTarget(target, bus.chain));
          const list = await bus.commands(to, { timeout: timeout * 1000 }).catch((error: unknown) => {
            throw withReason(error);
          });
          if (!json) for (const line of commandLines(list, to)) print(line);
          else for (const each of list.commands) printJson(each);
          if (json && list.more) note(`rmb-peer: twin ${to} serves more than it lists`);
        } finally {
          // Without `await`: the process ends at once.
          void bus.close();
        }
      });
    });
}

/** Appends why a twin that works may not answer. */
function withReason(error: unknown): unknown {
  if (!(error instanceof RmbError) || error.code !== 'no-answer') return error;
  const { code, message, twin, uid } = error;
  return new RmbError(code, `${message} (an older peer knows no rmb.commands: rmb-peer ping tells its version)`, {
    twin,
    uid,
  });
}
