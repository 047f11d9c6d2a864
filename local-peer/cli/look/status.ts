import { Command } from 'commander';
import { z } from 'zod';
import { statusJson } from '../../status/status-json.ts';
import { addJsonFlag, addRedisFlags, addTimeoutFlag, jsonOption, optionsOf, withRedis } from '../flags.ts';
import { print, printJson } from '../output.ts';
import { plain } from '../plain.ts';
import { statusLines } from './status-lines.ts';

const options = jsonOption.extend({ timeout: z.number() });

/** Returns the command `rmb-peer status`: how far a request of a local program came. */
export function statusCommand(): Command {
  const command = new Command('status')
    .summary('show how far a request of a program here came')
    .description(
      'Asks the daemon behind this Redis for the steps of a request: accepted, sent, who has it now, replied, failed or expired. The daemon remembers its latest 5,000 requests since its start. It sees what relays told it, and nothing of the other side. No secret is needed.',
    )
    .argument('<uid>', 'the uid of the request, as in logs, or the ref that its program chose');
  addTimeoutFlag(command, 5, 'limit for Redis, and for the daemon');
  return addRedisFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer status 3f1c9a52-7d4e-4c55-9a0e-2b6f0d1c8e47
  $ rmb-peer status my-ref --redis redis://localhost:6379 --json | jq .steps`,
    )
    .action(async (uid: string, _: unknown, self: Command) => {
      const { json, timeout } = optionsOf(self, options);
      await withRedis(self, async (redis) => {
        // Loaded only now: the help of all commands should answer at once.
        const { askDaemon } = await import('./ask-daemon.ts');
        const status = await askDaemon(redis, uid, timeout);
        if (status === undefined) throw new Error(unknown(uid));
        if (json) printJson(statusJson(status));
        else for (const line of statusLines(status)) print(line);
      });
    });
}

function unknown(uid: string): string {
  const limits = 'it remembers the latest 5,000 since its start, and none of `rmb-peer call`';
  return `the daemon knows no request '${plain(uid)}': ${limits}. Check the uid or ref, and --redis`;
}
