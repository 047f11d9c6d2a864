import { Command } from 'commander';
import { z } from 'zod';
import { connectCommand } from '../connect.ts';
import { addJsonFlag, addSessionFlags, addTimeoutFlag, jsonOption, optionsOf, withSettings } from '../flags.ts';
import { print, printJson } from '../output.ts';
import { parseTarget, resolveTarget } from '../target.ts';
import { presenceJson, presenceLine } from './presence-lines.ts';

const options = jsonOption.extend({ timeout: z.number() });

/** Returns the command `rmb-peer presence`: who is connected at the relay. */
export function presenceCommand(): Command {
  const command = new Command('presence')
    .summary('show which twins are connected at the relay')
    .description(
      'Asks your relays about twins: whether each is connected there, when it was last seen there, and how many messages wait for it. A twin that is not connected here may be connected at another relay: `rmb-peer twin` shows its relays, `rmb-peer ping` reaches it wherever it is. The Rust relay does not tell.',
    )
    .argument('<twin...>', 'ids or SS58 addresses');
  addTimeoutFlag(command, 5, 'limit for the answer');
  return addSessionFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer presence 7
  $ rmb-peer presence 7 8 9 --json | jq -r 'select(.state == "connected") | .twin'`,
    )
    .action(async (twins: string[], _: unknown, self: Command) => {
      const { json, timeout } = optionsOf(self, options);
      const targets = twins.map(parseTarget);
      await withSettings(self, async ({ peer }, log) => {
        const bus = await connectCommand(peer, log, Math.max(timeout, 30) * 1000);
        try {
          const addresses = await Promise.all(targets.map((target) => resolveTarget(target, bus.chain)));
          const ids = addresses.map(({ twin }) => twin);
          for (const presence of await bus.presence(ids, { timeout: timeout * 1000 })) {
            if (json) printJson(presenceJson(presence));
            else print(presenceLine(presence, Date.now()));
          }
        } finally {
          // Without `await`: the process ends at once.
          void bus.close();
        }
      });
    });
}
