import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { formatAddress } from '../../proto/address.ts';
import type { Admission } from '../admission.ts';
import { hideSecrets } from '../config/mask.ts';
import { twins } from '../config/twin-lists.ts';
import { plain, plainJson } from '../plain.ts';
import type { Log } from '../ports.ts';
import { addJsonFlag, addSessionFlags, addTimeoutFlag, countOf, jsonOption, optionsOf, withSettings } from './flags.ts';
import { msText, note, paint, print, printJson } from './output.ts';
import { programEnvironment } from './program-environment.ts';
import { type Served, Service } from './service.ts';
import { runProgram } from './service-program.ts';
import { openSession } from './session.ts';

const options = jsonOption.extend({
  timeout: z.number(),
  parallel: z.number(),
  sid: z.union([z.string(), z.literal(false)]).optional(),
  from: z.set(z.number()).optional(),
});

/** `rmb-peer serve`: a program as a service. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .summary('make a service of a program')
    .description(
      'Serves a command with any program. The program is started for each request: the payload is on its stdin, the reply is what it writes on stdout. An exit code other than 0 makes an error reply (500) with the last line of its stderr. The reply has the schema of the request, else application/json.\n\nA request is verified first, and served once. The environment of the program describes it: RMB_SOURCE (twin:sid), RMB_COMMAND, RMB_UID, RMB_TIMESTAMP and RMB_EXPIRES (Unix seconds), RMB_TAGS, RMB_SCHEMA, and RMB_ENC (true if the request came encrypted). A variable that no environment can hold is not set.\n\nThe program ends with its request, and so do its children: at its own exit, when the caller waits no longer (30 minutes at most), when it writes more than 15 MiB, and when this command ends. For a shorter limit put `timeout 60` before the program.\n\nThe service has a sid of its own, so that the daemon of the same twin keeps its session; the first line shows its address. --sid sets a lasting name. --no-sid serves as the twin itself: this takes the session and the mail of its daemon.',
    )
    .argument('<cmd>', 'the command that is served')
    .argument('<program...>', 'behind --: the program and its arguments')
    .option('-p, --parallel <number>', 'requests in work at once', countOf(1, 256), 4)
    .option(
      '--from <twins>',
      'the twins that may call, for example 7,12; without it those of --allow, else all',
      twinsOf,
    )
    .option('--sid <sid>', 'serve at TWIN:SID')
    .option('--no-sid', 'serve as the twin itself, in place of its daemon');
  addTimeoutFlag(command, 30, 'how long to wait for chain and relay each, at the start');
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
      const { json, timeout, parallel, sid, from } = optionsOf(self, options);
      await withSettings(self, async ({ peer, secrets }, log) => {
        const session = await openSession(peer, log, timeout * 1000, sid);
        const warnings: Log = {
          ...log,
          warn: (fields, message) => note(hideSecrets(`rmb-peer: ${plain(message)} ${plainJson(fields)}`, secrets)),
        };
        const run = { program, args, onStderr: note };
        new Service({
          session,
          command: cmd,
          parallel,
          admission: admissionOf(peer.admission, from),
          handle: (request, ms) => runProgram(run, request.data, programEnvironment(request, process.env), ms),
          onServed: (served) => tell(served, json),
          log: warnings,
        });
        const address = formatAddress(session.own);
        if (json) printJson({ type: 'ready', address, command: cmd, relays: session.relays });
        else print(`rmb-peer: serving ${cmd} at ${address}, relays ${session.relays.join(' ')}`);
        const misplaced = await session.misplaced();
        if (misplaced !== undefined) note(`rmb-peer: ${plain(misplaced)}`);
        // Until a signal ends it.
        await new Promise<never>(() => undefined);
      });
    });
}

/** Reads `--from`. @throws InvalidArgumentError */
function twinsOf(text: string): ReadonlySet<number> {
  const parsed = twins.safeParse([text]);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('It must be twin ids, for example 7,12.');
}

/** The daemon's lists hold here, too; `--from` stands in place of both. This command is served, whatever they say. */
function admissionOf({ allow, allowFor, requireCipher = false }: Admission, from: Admission['allow']): Admission {
  if (from !== undefined) return { allow: from, requireCipher };
  return {
    ...(allow === undefined ? {} : { allow }),
    ...(allowFor === undefined ? {} : { allowFor }),
    requireCipher,
  };
}

function tell({ uid, source, command, error, ms }: Served, isJson: boolean): void {
  if (isJson) {
    const took = Number(ms.toFixed(1));
    return void printJson({ type: 'request', uid, source, command, error: error ?? null, milliseconds: took });
  }
  const outcome = error === undefined ? paint('green', 'answered') : paint('red', `error: ${plain(error)}`);
  print(`${plain(command)} from ${plain(source)}: ${outcome}, ${msText(ms)} ms`);
}
