import { Command } from 'commander';
import { z } from 'zod';
import { formatAddress } from '../../../proto/envelope/address.ts';
import { connectCommand } from '../connect.ts';
import {
  addJsonFlag,
  addSessionFlags,
  addTimeoutFlag,
  countOf,
  jsonOption,
  optionsOf,
  withSettings,
} from '../flags.ts';
import { print, printJson } from '../output.ts';
import { addSchemaFlag, noArgument, schemaOption } from '../schema.ts';
import { parseTarget, resolveTarget } from '../target.ts';
import { BenchRun } from './bench-run.ts';
import { beforeInterrupt } from './interrupt.ts';
import { readPayload } from './payload.ts';
import { Progress } from './progress.ts';
import { Slots } from './slots.ts';

const options = jsonOption.extend({
  requests: z.number(),
  concurrency: z.number(),
  timeout: z.number(),
  data: z.string().optional(),
  file: z.string().optional(),
  schema: schemaOption,
});

/** Returns the command `rmb-peer bench`: throughput and latency of a service. */
export function benchCommand(): Command {
  const command = new Command('bench')
    .summary('measure a service under load')
    .description(
      'Sends many requests to a service in parallel, and prints replies a second and latencies. The result includes everything: with sr25519 keys, signing and verifying on both sides takes most of the time (here on one processor), and both twins share the relay’s limits with their other programs. A signed error counts as a reply, and is listed by its text. Use it only with twins of your own.',
    )
    .argument('<twin>', 'id or SS58 address, with :SID for one session of the twin')
    .argument('<cmd>', 'the service’s command')
    .option('-n, --requests <number>', 'number of requests', countOf(1, 10_000_000), 200)
    .option('-p, --concurrency <number>', 'requests at once', countOf(1, 1024), 8)
    .option('--data <text>', 'the payload of each')
    .option('--file <file>', 'a file with the payload; - is stdin');
  addSchemaFlag(command);
  addTimeoutFlag(command, 10, 'limit for each reply');
  return addSessionFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer bench 7 my.command --data '{"n":1}'
  $ rmb-peer bench 7:my-session rmb.version --requests 5000 --concurrency 32 --json`,
    )
    .action(async (twin: string, cmd: string, _: unknown, self: Command) => {
      const { json, data, file, schema, timeout, requests, concurrency } = optionsOf(self, options);
      const target = parseTarget(twin);
      await withSettings(self, async ({ peer }, log) => {
        const payload = await readPayload({ data, file }, noArgument(schema));
        const bus = await connectCommand(peer, log, Math.max(timeout, 30) * 1000);
        try {
          const to = await resolveTarget(target, bus.chain);
          const progress = new Progress(requests);
          const slots = new Slots(concurrency);
          const asked = { timeout: timeout * 1000, schema: schema ?? null, failFast: true, offlineAfter: 0 };
          const run = new BenchRun(to, requests, () => performance.now());
          const ask = async () => {
            await run.measure(() => bus.request(formatAddress(to), cmd, payload, asked));
            progress.show(run.done, `${run.rate().toFixed(0)}/s`);
          };
          const show = () => {
            progress.end();
            if (json) printJson(run.json());
            else for (const line of run.lines()) print(line);
          };
          beforeInterrupt(show);
          await Promise.all(Array.from({ length: requests }, () => slots.run(ask)));
          show();
          run.judge();
        } finally {
          // Without `await`: the process ends at once.
          void bus.close();
        }
      });
    });
}
