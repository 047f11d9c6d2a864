import { Command } from 'commander';
import { z } from 'zod';
import { aboutOf } from '../../../client/discovery/about.ts';
import { hideSecrets } from '../../../client/mask.ts';
import type { Log } from '../../../client/ports.ts';
import type { RunHandler } from '../../../client/serving/outcome.ts';
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
import { note, print, printJson } from '../output.ts';
import { plain, plainJson } from '../plain.ts';
import { admissionOf, twinsOf } from './callers.ts';
import { handledLine } from './handled-line.ts';
import { programEnvironment } from './program-environment.ts';
import { programLines } from './program-lines.ts';
import { runProgram } from './service-program.ts';

const options = jsonOption.extend({
  timeout: z.number(),
  parallel: z.number(),
  sid: z.union([z.string(), z.literal(false)]).optional(),
  from: z.set(z.number()).optional(),
  summary: z.string().optional(),
});

/** Returns the command `rmb-peer serve`: a program as a service. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .summary('serve a command with a program')
    .description(
      'Serves a command with any program. The program is started for each request: the payload is on its stdin, the reply is what it writes on stdout. An exit code other than 0 makes an error reply (500) with the last line of its stderr. The reply has the schema of the request, else application/json. To a caller that asks for a stream, each line of stdout is a reply, as soon as it is written; the program waits while the caller does not read.\n\nA request is verified first, and served once. The environment of the program describes it: RMB_SOURCE (twin:sid), RMB_COMMAND, RMB_UID, RMB_TIMESTAMP and RMB_EXPIRES (Unix seconds), RMB_TAGS, RMB_SCHEMA, and RMB_ENC (true if the request came encrypted). A variable that no environment can hold is not set.\n\nThe program and its children end with the request: at its own exit, when the caller stops waiting (30 minutes at most) or cancels, when it writes more than 15 MiB, and when this command ends. For a shorter limit put `timeout 60` before the program.\n\nThe service has its own sid, so the daemon of the same twin keeps its session; the first line shows the address. --sid sets a lasting sid. --no-sid serves as the twin itself and takes over the session and the mailbox of its daemon.',
    )
    .argument('<cmd>', 'the command to serve')
    .argument('<program...>', 'after --: the program and its arguments')
    .option('-p, --parallel <number>', 'requests processed at once', countOf(1, 256), 4)
    .option(
      '--from <twins>',
      'the twins that may call, for example 7,12; without it the twins of --allow, else all',
      twinsOf,
    )
    .option('--summary <text>', 'a line about the command, for `rmb-peer commands`')
    .option('--sid <sid>', 'serve at TWIN:SID')
    .option('--no-sid', 'serve as the twin itself, instead of its daemon');
  addTimeoutFlag(command, 30, 'limit for chain and relay each, at the start');
  return addSessionFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer serve my.upper -- tr a-z A-Z
  $ rmb-peer serve my.sum --sid sums -- python3 sum.py
  $ rmb-peer serve my.disk -- sh -c 'df -h "$(cat)" || exit 1'`,
    )
    .action(async (cmd: string, [program = '', ...args]: string[], _: unknown, self: Command) => {
      const { json, timeout, parallel, sid, from, summary } = optionsOf(self, options);
      await withSettings(self, async ({ peer, secrets }, log) => {
        const warnings: Log = {
          ...log,
          warn: (fields, message) => note(hideSecrets(`rmb-peer: ${plain(message)} ${plainJson(fields)}`, secrets)),
        };
        const bus = await connectCommand(peer, warnings, timeout * 1000, {
          sid,
          parallel,
          admission: admissionOf(peer.admission, from),
          onHandled: (handled) => print(handledLine(handled, json)),
        });
        const run = { program, args, onStderr: note };
        const serve: RunHandler = async (request, { signal, isStream }) => {
          const env = programEnvironment(request, process.env);
          if (!isStream) return runProgram(run, request.data, env, signal);
          return { kind: 'stream', replies: programLines(run, request.data, env, signal) };
        };
        // To a caller that asks for a stream each line of any program is a reply.
        bus.handle(cmd, serve, aboutOf({ ...(summary === undefined ? {} : { summary }), stream: true }, serve));
        const address = formatAddress(bus.own);
        if (json) printJson({ type: 'ready', address, command: cmd, relays: bus.relays });
        else print(`rmb-peer: serving ${cmd} at ${address}, relays ${bus.relays.join(' ')}`);
        const misplaced = await bus.misplaced();
        if (misplaced !== undefined) note(`rmb-peer: ${plain(misplaced)}`);
        // Until a signal ends it.
        await new Promise<never>(() => undefined);
      });
    });
}
