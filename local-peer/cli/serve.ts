import { Command } from 'commander';
import { z } from 'zod';
import { formatAddress } from '../../proto/address.ts';
import { addJsonFlag, addSessionFlags, addTimeoutFlag, countOf, jsonOption, optionsOf, withSettings } from './flags.ts';
import { msText, paint, print, printJson } from './output.ts';
import { type Served, Service } from './service.ts';
import { runProgram } from './service-program.ts';
import { openSession } from './session.ts';
import { Slots } from './slots.ts';

const options = jsonOption.extend({
  timeout: z.number(),
  parallel: z.number(),
  sid: z.union([z.string(), z.literal(false)]).optional(),
});

/** `rmb-peer serve`: a program as a service. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .summary('make a service of a program')
    .description(
      'Serves a command with any program: for each request it is started anew, with the payload on stdin; what it writes on stdout is the answer. Another exit code than 0 answers with an error (500), in the words of its last line on stderr. The request is verified before. The program’s environment says more of it: RMB_SOURCE (twin:sid), RMB_COMMAND, RMB_UID, RMB_TIMESTAMP and RMB_EXPIRES (Unix seconds), RMB_TAGS, RMB_SCHEMA.\n\nIt serves under a sid of its own, beside the daemon of the same twin: the first line says at which address it is called. --sid gives a name that stays. --no-sid serves as the twin itself: that takes the session of its daemon.',
    )
    .argument('<cmd>', 'the command that is served')
    .argument('<program...>', 'behind --: the program and its arguments')
    .option('-p, --parallel <number>', 'requests in work at once', countOf(1, 256), 4)
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
      const { json, timeout, parallel, sid } = optionsOf(self, options);
      await withSettings(self, async ({ peer }, log) => {
        const session = await openSession(peer, log, timeout * 1000, sid);
        const slots = new Slots(parallel);
        const run = { program, args, onStderr: (chunk: Buffer) => void process.stderr.write(chunk) };
        const handle: ConstructorParameters<typeof Service>[2] = (payload, metadata, ms) =>
          slots.run(() => runProgram(run, payload, metadata, ms));
        new Service(session, cmd, handle, (served) => tell(served, json));
        const address = formatAddress(session.own);
        if (json) printJson({ type: 'ready', address, command: cmd, relays: session.relays });
        else print(`rmb-peer: serving ${cmd} at ${address}, relays ${session.relays.join(' ')}`);
        const misplaced = await session.misplaced();
        if (misplaced !== undefined) process.stderr.write(`rmb-peer: ${misplaced}\n`);
        // Until a signal ends it.
        await new Promise<never>(() => undefined);
      });
    });
}

function tell({ uid, source, command, error, ms }: Served, isJson: boolean): void {
  if (isJson) {
    const took = Number(ms.toFixed(1));
    return void printJson({ type: 'request', uid, source, command, error: error ?? null, milliseconds: took });
  }
  const outcome = error === undefined ? paint('green', 'answered') : paint('red', `error: ${error}`);
  print(`${command} from ${source}: ${outcome}, ${msText(ms)} ms`);
}
